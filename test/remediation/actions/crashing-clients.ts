/** Clients of a run that crashes: right after one call of AWS, before its answer is read. */
import type { Clients } from '../../../lib/aws/clients.ts';

export interface RecordedCalls {
  /** The calls that AWS carried out, in their order, as `StopInstances`. */
  readonly done: string[];
}

export class Killed extends Error {
  override readonly name = 'Killed';
}

/**
 * Records the calls of these clients, and fails them all from one call on.
 * @param crashesAfter so many calls are carried out, and no later one is sent; without end where left out.
 */
export function recordingCalls(clients: Clients, crashesAfter = Number.POSITIVE_INFINITY): RecordedCalls {
  const done: string[] = [];
  const crashing =
    <Args, Output>(next: (args: Args) => Promise<Output>, { commandName }: { commandName?: string }) =>
    async (args: Args): Promise<Output> => {
      const check = () => {
        if (done.length >= crashesAfter) throw new Killed(`killed after ${done.length} calls`);
      };
      check();
      const answer = await next(args);
      done.push(String(commandName).replace(/Command$/, ''));
      check();
      return answer;
    };
  clients.ec2.middlewareStack.add(crashing, { step: 'initialize', name: 'crashing' });
  clients.autoScaling.middlewareStack.add(crashing, { step: 'initialize', name: 'crashing' });
  clients.elb.middlewareStack.add(crashing, { step: 'initialize', name: 'crashing' });
  return { done };
}

export function isWrite(call: string): boolean {
  return !call.startsWith('Describe');
}
