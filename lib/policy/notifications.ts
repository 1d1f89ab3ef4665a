/** Who is notified of what, as the policy says. Pure. */
import type { Severity } from '../core/control.ts';

export const notificationTargets = ['topic', 'chat', 'webhook'] as const;
/** `topic`: the SNS topic, with its e-mails and JSON. `chat`: the topic of Slack and Teams. `webhook`: every webhook. */
export type NotificationTarget = (typeof notificationTargets)[number];

/** The verdicts of which people can be notified. */
export const notifiedVerdicts = ['FAIL', 'UNKNOWN'] as const;
export type NotifiedVerdict = (typeof notifiedVerdicts)[number];

/** Where notifications of some findings, and of the actions about them, go. Every criterion that is given must match. */
export interface NotificationRoute {
  readonly severities: readonly Severity[] | undefined;
  readonly controls: readonly string[] | undefined;
  readonly verdicts: readonly NotifiedVerdict[];
  /** Empty: nobody is notified. */
  readonly targets: readonly NotificationTarget[];
}

/** What a route is chosen by. */
export interface RoutedFinding {
  readonly severity: Severity;
  readonly control: string;
  readonly verdict: NotifiedVerdict;
}

/**
 * The verdicts of a route that names none: an UNKNOWN tells that something could not be read, wakes nobody, and stays in
 * Security Hub.
 */
export const defaultVerdicts: readonly NotifiedVerdict[] = ['FAIL'];

/**
 * The targets that are notified of a finding, and of the actions about it: those of the first route that matches.
 * @param routes `undefined` where the policy sets none: then every target is notified of every FAIL.
 * @returns none where nobody is notified.
 * @example
 * targetsOf(undefined, { severity: 'LOW', control: 'kms-grant', verdict: 'UNKNOWN' }); // []
 */
export function targetsOf(
  routes: readonly NotificationRoute[] | undefined,
  { severity, control, verdict }: RoutedFinding,
): readonly NotificationTarget[] {
  if (routes === undefined) return defaultVerdicts.includes(verdict) ? notificationTargets : [];
  const route = routes.find(
    ({ severities, controls, verdicts }) =>
      severities?.includes(severity) !== false &&
      controls?.includes(control) !== false &&
      verdicts.includes(verdict),
  );
  return route?.targets ?? [];
}
