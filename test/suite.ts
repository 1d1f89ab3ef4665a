/**
 * How much of the slower suites runs: all of it, or the slice that the gate (`.ci/run`) holds. The environment variable
 * TRAILSEAL_SUITE says which, `full` or `slice`; left out, all of it. What a slice is, is declared here and nowhere else.
 */

export type Suite = 'full' | 'slice';

/** @throws Error for another value than these two. */
export function suiteOf(env: Readonly<Record<string, string | undefined>>): Suite {
  const { TRAILSEAL_SUITE: suite = 'full' } = env;
  if (suite === 'full' || suite === 'slice') return suite;
  throw new Error(`TRAILSEAL_SUITE is ${JSON.stringify(suite)}, and has to be full or slice`);
}

export const suite = suiteOf(process.env);

/** By suite, the files of its slice. */
export const slices = {
  /** From an event to a finding, an action and its undo; a scheduled scan; many events, and in disorder; silent parts. */
  e2e: ['findings', 'remediation', 'scheduled-scan', 'invoke-local', 'disorder', 'throughput', 'watchdog'],
  /** All but the slowest: actions one by one, quarantines, the operators' queue, dead letters, archives in S3. */
  emulator: [
    'bundle',
    'doctor',
    'doctor-actions',
    'exemptions',
    'facts',
    'memory',
    'notify',
    'policy-override',
    'publisher',
    'redelivery',
    'scan',
    'state-table',
    'waking',
  ],
} as const;

/** The stacks that are linted, by what they are made with. */
const lintedInSlice: readonly string[] = [
  'with such a policy, and a key and topics of the customer',
  'without parameters',
];

/** Whether the stack of this name is linted (`scripts/lint-template.ts`). */
export function isLinted(stack: string, which = suite): boolean {
  return which === 'full' || lintedInSlice.includes(stack);
}

/** The files of a suite that run, as vitest takes them. */
export function filesOf(name: keyof typeof slices, which = suite): readonly string[] {
  return which === 'full'
    ? [`test/${name}/**/*.test.ts`]
    : slices[name].map((file) => `test/${name}/${file}.test.ts`);
}

/** How many of so many messages run: a fifth, in a slice. */
export function shareOf(messages: number, which = suite): number {
  return which === 'full' ? messages : Math.ceil(messages / 5);
}

/** Those of the courses that run: the first and every fourth after it, in a slice. */
export function someOf<T>(courses: readonly T[], which = suite): readonly T[] {
  return which === 'full' ? courses : courses.filter((_, index) => index % 4 === 0);
}
