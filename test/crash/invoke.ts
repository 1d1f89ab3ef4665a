/**
 * Invokes a bundled function as a process of its own would run it, which may be killed at one of its calls to AWS: a
 * fresh instance of the bundle, with an environment, a clock and timers of its own. A killed process gets no answers any
 * more, and nothing that it still does reaches AWS.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { type Call, type Fault, type Kill, startRelay } from './relay.ts';

export interface InvocationInput {
  /** The bundle's file, which exports a `handler`. */
  readonly bundle: string;
  readonly event: unknown;
  /** The request's id. */
  readonly run: string;
  readonly clock: Clock;
  /** All of its environment, for the endpoint at which it finds AWS. */
  readonly environment: (endpoint: string) => Readonly<Record<string, string>>;
}

export interface Invocation {
  readonly killed: boolean;
  /** What the handler answered; `undefined` of a process that was killed. */
  readonly answer: unknown;
  readonly made: readonly Call[];
  readonly done: readonly Call[];
}

/** A clock that is put forward, by whoever waits. */
export class Clock {
  #ahead = 0;

  now(): number {
    return Date.now() + this.#ahead;
  }
  forward(milliseconds: number): void {
    this.#ahead += milliseconds;
  }
}

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

/** @param upstream where AWS is. Rejects with what the handler throws, and with what it wrote. */
export async function invoke(
  input: InvocationInput,
  upstream: string,
  kill?: Kill,
  fault?: Fault,
): Promise<Invocation> {
  const death = Promise.withResolvers<void>();
  let killed = false;
  const relay = await startRelay(
    upstream,
    kill,
    () => {
      killed = true;
      death.resolve();
    },
    fault,
  );
  const written: string[] = [];
  const env = { ...input.environment(relay.endpoint), AWS_ENDPOINT_URL: relay.endpoint };
  try {
    const handler = load(
      input.bundle,
      surroundings(env, input.clock, written, () => killed),
    );
    const answer = await Promise.race([handler(input.event, contextOf(input)), death.promise]);
    return { killed, answer, made: relay.made, done: relay.done };
  } catch (cause) {
    throw new Error(`the process failed:\n${written.join('')}`, { cause });
  } finally {
    await relay.stop();
  }
}

/** What a bundle finds outside itself and the machine's own. */
interface Surroundings {
  readonly require: (name: string) => unknown;
  readonly process: NodeJS.Process;
  readonly date: DateConstructor;
  readonly setTimeout: (callback: () => void, milliseconds?: number) => NodeJS.Timeout;
}

const requireHere = createRequire(import.meta.url);

function surroundings(
  env: Readonly<Record<string, string>>,
  clock: Clock,
  written: string[],
  isDead: () => boolean,
): Surroundings {
  const output = () =>
    new Writable({
      write(chunk, _encoding, done) {
        written.push(String(chunk));
        done();
      },
    });
  const own: NodeJS.Process = Object.create(process, {
    env: { value: { ...env } },
    stdout: { value: output() },
    stderr: { value: output() },
  });
  /** Whoever waits for AWS waits for no real time. */
  const wait = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      clock.forward(milliseconds);
      setImmediate(() => {
        if (!isDead()) resolve();
      });
    });
  return {
    process: own,
    require(name) {
      if (/^(node:)?process$/.test(name)) return own;
      if (/^(node:)?timers\/promises$/.test(name)) return { ...requireHere(name), setTimeout: wait };
      return requireHere(name);
    },
    date: new Proxy(Date, {
      construct: (date, args, newTarget) =>
        Reflect.construct(date, args.length === 0 ? [clock.now()] : args, newTarget),
      get: (date, name, receiver) => (name === 'now' ? () => clock.now() : Reflect.get(date, name, receiver)),
    }),
    setTimeout: (callback, milliseconds) =>
      setTimeout(() => {
        if (!isDead()) callback();
      }, milliseconds),
  };
}

/** A bundle that runs each time it is called, in the surroundings that it is given. */
type Program = (
  exports: object,
  require: Surroundings['require'],
  module: { readonly exports: { readonly handler?: Handler } },
  process: NodeJS.Process,
  date: DateConstructor,
  timeout: Surroundings['setTimeout'],
) => void;

const programs = new Map<string, Program>();

function programOf(bundle: string): Program {
  const file = `${bundle}.program.cjs`;
  const code = readFileSync(bundle, 'utf8');
  writeFileSync(
    file,
    `module.exports = function (exports, require, module, process, Date, setTimeout) {${code}\n};`,
  );
  return requireHere(file);
}

function load(bundle: string, { require, process, date, setTimeout }: Surroundings): Handler {
  const program = programs.get(bundle) ?? programOf(bundle);
  programs.set(bundle, program);
  const module: Parameters<Program>[2] = { exports: {} };
  program(module.exports, require, module, process, date, setTimeout);
  const { handler } = module.exports;
  if (handler === undefined) throw new Error(`${bundle} has no handler`);
  return handler;
}

/** Source: AWS Lambda Developer Guide, "Using the Lambda context object to retrieve Node.js function information". */
function contextOf({ run }: InvocationInput): unknown {
  return {
    awsRequestId: run,
    functionName: 'trailseal-crash-remediate',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:eu-north-1:123456789012:function:trailseal-crash-remediate',
    memoryLimitInMB: '512',
    getRemainingTimeInMillis: () => 900_000,
  };
}
