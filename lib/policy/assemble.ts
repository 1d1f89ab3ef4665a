/**
 * From a checked policy file, as plain data, to what applies. Neither YAML nor the file's schema is needed for it,
 * so that a deployed function carries neither.
 */
import * as z from 'zod/mini';
import type { Action, Control, Severity } from '../core/control.ts';
import { isObject } from '../core/json.ts';
import { type ActionSettings, actionSettings } from '../remediation/actions/settings.ts';
import type { Requestable } from './custom-actions.ts';
import { millisecondsIn } from './duration.ts';
import type { ExemptionTags } from './exemption-tag.ts';
import type { Exemption } from './exemptions.ts';
import {
  type Delayed,
  defaultGracePeriod,
  defaultLimits,
  type Guardrails,
  type Kind,
  type Limits,
} from './guardrails.ts';
import type { PolicyFile } from './schema.ts';

/** What applies to one control. */
export interface ControlPolicy {
  readonly enabled: boolean;
  readonly severity: Severity;
  /** Parsed by the control's own schema, defaults filled in: ready for its `evaluate`. */
  readonly settings: unknown;
  /** What to do when it fails; all of them among the control's actions. */
  readonly actions: readonly Action[];
}

export interface Policy {
  /** The file's name as it was given; `undefined` for what applies without a file. */
  readonly file: string | undefined;
  readonly allowedAccounts: readonly string[];
  /** One entry for every control there is, by its id. */
  readonly controls: ReadonlyMap<string, ControlPolicy>;
  readonly exemptions: readonly Exemption[];
  /** What tags on resources may exempted; `undefined`: nothing. */
  readonly exemptionTags: ExemptionTags | undefined;
  /** Parsed by each action's own schema, defaults filled in: ready for the action. */
  readonly actions: ActionSettings;
  /** What operators may order, each once. */
  readonly customActions: readonly Requestable[];
  readonly guardrails: Guardrails;
}

/** What applies without a file: every control with its own severity and settings, and nothing but reports. */
export function defaultPolicy(controls: readonly Control[]): Policy {
  return assemble({ version: 1 }, undefined, controls).policy;
}

export interface Assembled {
  readonly policy: Policy;
  /** The parts of the file that a control does not accept; such a control is missing from the policy. */
  readonly refused: readonly { readonly path: readonly string[]; readonly message: string }[];
}

/**
 * The policy that a checked file stands for, for these controls, with every default in its place.
 * @param file a control's settings as they are written, without its defaults; an action's with them.
 * @param name what the file is called.
 */
export function assemble(
  file: PolicyFile,
  name: string | undefined,
  controls: readonly Control[],
): Assembled {
  const refused: { path: readonly string[]; message: string }[] = [];
  const byControl = new Map<string, ControlPolicy>();
  for (const control of controls) {
    const entry = file.controls?.[control.id];
    const settings = control.settings.safeParse(settingsFor(control, entry?.settings, file.allowedAccounts));
    if (!settings.success) {
      // The file's own settings were accepted already, so that the injected accounts are at fault.
      refused.push({ path: ['allowedAccounts'], message: `${control.id} does not accept these accounts` });
      continue;
    }
    const asked: readonly Action[] = entry?.actions ?? file.defaults?.actions ?? [];
    byControl.set(control.id, {
      enabled: entry?.enabled ?? file.defaults?.enabled ?? true,
      severity: entry?.severity ?? control.severity,
      settings: settings.data,
      actions: control.actions.filter((action) => asked.includes(action)),
    });
  }
  const policy: Policy = {
    file: name,
    allowedAccounts: file.allowedAccounts ?? [],
    controls: byControl,
    exemptions: (file.exemptions ?? []).map(exemptionOf),
    exemptionTags: file.exemptionTags,
    actions: {
      tag: file.actions?.tag ?? actionSettings.tag.parse({}),
      quarantine: file.actions?.quarantine ?? actionSettings.quarantine.parse({}),
    },
    customActions: [...new Set(file.operators?.customActions ?? [])],
    guardrails: guardrailsOf(file.guardrails),
  };
  return { policy, refused };
}

/** A control's settings as the file has them, with the accounts that are allowed throughout where it says none. */
function settingsFor(
  control: Control,
  own: unknown,
  allowedAccounts: readonly string[] | undefined,
): unknown {
  const settings = isObject(own) ? own : {};
  const takesAccounts =
    control.settings instanceof z.ZodMiniObject && Object.hasOwn(control.settings.shape, 'allowedAccounts');
  if (allowedAccounts === undefined || !takesAccounts) return settings;
  return { allowedAccounts, ...settings };
}

function exemptionOf(written: NonNullable<PolicyFile['exemptions']>[number]): Exemption {
  const { controls, accounts, regions, resources, tags, reason, owner, expires } = written;
  return {
    controls,
    accounts,
    regions,
    resources,
    tags: tags === undefined ? undefined : new Map(Object.entries(tags)),
    reason: reason.trim(),
    owner: owner.trim(),
    expires,
  };
}

function guardrailsOf(written: PolicyFile['guardrails']): Guardrails {
  const { tag, quarantine, fix, ...every } = written?.actionsPerHour ?? {};
  const limits = (own: { [Limit in keyof Limits]?: number | undefined } | undefined): Limits => ({
    perAccount: own?.perAccount ?? every.perAccount ?? defaultLimits.perAccount,
    total: own?.total ?? every.total ?? defaultLimits.total,
  });
  const actionsPerHour: Record<Kind, Limits> = {
    tag: limits(tag),
    quarantine: limits(quarantine),
    fix: limits(fix),
  };
  const gracePeriod = (kind: Delayed): number =>
    millisecondsIn(String(written?.gracePeriod?.[kind] ?? '')) ?? defaultGracePeriod[kind];
  return {
    actionsPerHour,
    protectedTags: new Map(Object.entries(written?.protectedTags ?? {})),
    gracePeriod: { fix: gracePeriod('fix'), quarantine: gracePeriod('quarantine') },
  };
}
