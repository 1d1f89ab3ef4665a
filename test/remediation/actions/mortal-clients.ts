/** Clients that die with their program: right after one call of AWS, before its answer is heard. */
import type { Clients } from '../../../lib/aws/clients.ts';

export interface Life {
  /** The calls that AWS carried out, in their order, as `StopInstances`. */
  readonly done: string[];
}

export class Killed extends Error {
  override readonly name = 'Killed';
}

/**
 * Watches the calls of these clients, and ends them all at once.
 * @param diesAfter so many calls are carried out, and no other goes out then; it lives on where left out.
 */
export function live(clients: Clients, diesAfter = Number.POSITIVE_INFINITY): Life {
  const done: string[] = [];
  const mortal =
    <Args, Output>(next: (args: Args) => Promise<Output>, { commandName }: { commandName?: string }) =>
    async (args: Args): Promise<Output> => {
      const check = () => {
        if (done.length >= diesAfter) throw new Killed(`killed after ${done.length} calls`);
      };
      check();
      const answer = await next(args);
      done.push(String(commandName).replace(/Command$/, ''));
      check();
      return answer;
    };
  clients.ec2.middlewareStack.add(mortal, { step: 'initialize', name: 'mortal' });
  clients.autoScaling.middlewareStack.add(mortal, { step: 'initialize', name: 'mortal' });
  clients.elb.middlewareStack.add(mortal, { step: 'initialize', name: 'mortal' });
  return { done };
}

export function isWrite(call: string): boolean {
  return !call.startsWith('Describe');
}
