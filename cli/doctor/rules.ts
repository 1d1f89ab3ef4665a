/** Checks a rule that forwards CloudTrail's events of certain calls to a queue. Pure. */
import { isObject } from '../../lib/core/json.ts';
import type { EventPattern } from '../../lib/pipeline/evaluators.ts';
import { canonicalPattern } from '../../lib/pipeline/live/watchdog/pattern.ts';
import type { Answer } from '../aws/answer.ts';
import { type CheckResult, deployCommand, listed, ok, problem, unknownFor, word } from './check.ts';
import type { Rule } from './observed.ts';
import { assessTarget, type QueuedStackPart } from './parts.ts';
import { textsIn } from './trails.ts';

/** A rule as this version deploys it. */
export interface ForwardingRule {
  /** Of the check. */
  readonly id: string;
  /** The rule's name. */
  readonly rule: string;
  readonly pattern: EventPattern;
  /** What it matches, for people. */
  readonly matches: string;
  /** What it means that it forwards nothing, a clause. */
  readonly idle: string;
}

/** @param found the rule of that name on the default event bus. */
export function assessRule(
  found: Answer<Rule | undefined>,
  part: QueuedStackPart,
  { id, rule: name, pattern, matches, idle }: ForwardingRule,
): CheckResult {
  const { stage, region } = part;
  const again = [deployCommand(stage, region)];
  if (!found.known) return unknownFor(id, [found]);
  if (found.value === undefined)
    return problem('fail', id, `there is no rule ${name}`, 'deploy again', again);
  const { state, targets } = found.value;
  if (state === 'DISABLED') {
    return problem('fail', id, `the rule ${name} is disabled: ${idle}`, 'enable it', [
      `aws events enable-rule --region ${word(region)} --name ${word(name)}`,
    ]);
  }
  const difference = differenceOf(found.value.pattern, pattern);
  const message = `the rule ${name} is from another version or policy: ${difference?.detail}`;
  if (difference?.losesEvents === true) return problem('fail', id, message, 'deploy again', again);
  const wrongTarget = assessTarget(part, id, name, targets);
  if (wrongTarget !== undefined) return wrongTarget;
  if (difference !== undefined) return problem('warn', id, message, 'deploy again', again);
  return ok(id, `the rule ${name} is enabled, matches ${matches}, and targets its queue`);
}

/** @returns `undefined` when the patterns match the same events; `losesEvents` when wanted events do not match. */
function differenceOf(
  json: string | undefined,
  wanted: EventPattern,
): { readonly losesEvents: boolean; readonly detail: string } | undefined {
  const deployed = parsed(json);
  const detail = isObject(deployed) && isObject(deployed['detail']) ? deployed['detail'] : undefined;
  const names = detail?.['eventName'];
  if (!isObject(deployed) || detail === undefined || !Array.isArray(names)) {
    return { losesEvents: true, detail: 'its pattern lists no events' };
  }
  const wantedNames = textsIn(wanted, 'eventName');
  const rest = { ...deployed, detail: { ...detail, eventName: [] } };
  if (
    canonicalPattern(rest) !== canonicalPattern({ ...wanted, detail: { ...wanted.detail, eventName: [] } })
  ) {
    return { losesEvents: true, detail: 'its pattern differs' };
  }
  const missing = wantedNames.filter((name) => !names.includes(name));
  if (missing.length > 0) return { losesEvents: true, detail: `it does not match ${listed(missing)}` };
  const more = names.filter((name) => !wantedNames.includes(name));
  return more.length === 0 ? undefined : { losesEvents: false, detail: `it also matches ${listed(more)}` };
}

function parsed(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? 'null');
  } catch {
    // EventBridge accepts only JSON; a pattern that is not JSON matches nothing.
    return undefined;
  }
}
