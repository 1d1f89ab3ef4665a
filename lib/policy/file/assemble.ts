/**
 * Assembles the policy from a checked policy file, which is plain data. It needs neither YAML nor the file's schema, so that
 * the deployed functions hold neither.
 */
import * as z from 'zod/mini';
import { type ActionSettings, definedActionSettings, tagSettings } from '../../core/action-settings.ts';
import type { Action, Control } from '../../core/control.ts';
import { at, isObject } from '../../core/json.ts';
import { defaultPerActor } from '../decide/budgets.ts';
import { millisecondsIn } from '../duration.ts';
import {
  type ActionKind,
  type ControlPolicy,
  type DelayedActionKind,
  defaultGracePeriod,
  defaultLimits,
  defaultWhenReverted,
  type Exemption,
  type Guardrails,
  type Policy,
  type RateLimits,
  type WhenReverted,
} from '../model.ts';
import { defaultVerdicts } from '../notifications.ts';
import type { PolicyFile } from './schema.ts';

/** The policy that applies without a file: every control is enabled with its own severity and settings, and no action is taken. */
export function defaultPolicy(controls: readonly Control[]): Policy {
  return assemble({ version: 1 }, undefined, controls).policy;
}

export interface Assembled {
  readonly policy: Policy;
  /** The parts of the file that a control does not accept; such a control is missing from the policy. */
  readonly rejected: readonly { readonly path: readonly string[]; readonly message: string }[];
}

/**
 * The policy that a checked file describes for some controls, with every default filled in.
 * @param file with each control's settings as they are written, without their defaults, and each action's settings with them.
 * @param name of the file.
 */
export function assemble(
  file: PolicyFile,
  name: string | undefined,
  controls: readonly Control[],
): Assembled {
  const rejected: { path: readonly string[]; message: string }[] = [];
  const byControl = new Map<string, ControlPolicy>();
  for (const control of controls) {
    const entry = file.controls?.[control.id];
    const settings = control.settings.safeParse(settingsFor(control, entry?.settings, file.allowedAccounts));
    if (!settings.success) {
      // The schema accepted the file's own settings, so the injected accounts are at fault.
      rejected.push({ path: ['allowedAccounts'], message: `${control.id} does not accept these accounts` });
      continue;
    }
    const listed: readonly Action[] = entry?.actions ?? file.defaults?.actions ?? [];
    byControl.set(control.id, {
      enabled: entry?.enabled ?? file.defaults?.enabled ?? true,
      severity: entry?.severity ?? control.severity,
      settings: settings.data,
      actions: control.actions.filter((action) => listed.includes(action)),
    });
  }
  const policy: Policy = {
    file: name,
    allowedAccounts: file.allowedAccounts ?? [],
    controls: byControl,
    exemptions: (file.exemptions ?? []).map(exemptionOf),
    exemptionTags: file.exemptionTags,
    actions: actionSettingsIn(file, controls),
    broadPermissions: [...new Set(file.actions?.broadPermissions ?? [])],
    customActions: [...new Set(file.operators?.customActions ?? [])],
    guardrails: guardrailsOf(file.guardrails),
    notifications: file.notifications?.routes.map(({ severities, controls: ids, verdicts, targets }) => ({
      severities,
      controls: ids,
      verdicts: verdicts ?? defaultVerdicts,
      targets: [...new Set(targets)],
    })),
  };
  return { policy, rejected };
}

/** The settings of the actions that these controls have; the file's are parsed already. */
function actionSettingsIn({ actions }: PolicyFile, controls: readonly Control[]): ActionSettings {
  const all = [...definedActionSettings(controls)].map(([action, { schema }]) => [
    action,
    at(actions, action) ?? schema.parse({}),
  ]);
  return { ...Object.fromEntries(all), tag: actions?.tag ?? tagSettings.parse({}) };
}

/** A control's settings as they are written, with the policy's `allowedAccounts` where the control sets none of its own. */
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
  const limits = (own: { [Limit in keyof RateLimits]?: number | undefined } | undefined): RateLimits => {
    const shared = {
      perAccount: own?.perAccount ?? every.perAccount ?? defaultLimits.perAccount,
      total: own?.total ?? every.total ?? defaultLimits.total,
      reservedForCritical:
        own?.reservedForCritical ?? every.reservedForCritical ?? defaultLimits.reservedForCritical,
    };
    return { ...shared, perActor: own?.perActor ?? every.perActor ?? defaultPerActor(shared) };
  };
  const actionsPerHour: Record<ActionKind, RateLimits> = {
    tag: limits(tag),
    quarantine: limits(quarantine),
    fix: limits(fix),
  };
  const gracePeriod = (kind: DelayedActionKind): number =>
    millisecondsIn(String(written?.gracePeriod?.[kind] ?? '')) ?? defaultGracePeriod[kind];
  return {
    actionsPerHour,
    protectedTags: new Map(Object.entries(written?.protectedTags ?? {})),
    gracePeriod: { fix: gracePeriod('fix'), quarantine: gracePeriod('quarantine') },
    whenReverted: whenRevertedOf(written?.whenReverted),
  };
}

function whenRevertedOf(written: NonNullable<PolicyFile['guardrails']>['whenReverted']): WhenReverted {
  const { tag, fix, quarantine, maxRepeats } = defaultWhenReverted;
  return {
    tag: written?.tag ?? tag,
    fix: written?.fix ?? fix,
    quarantine: written?.quarantine ?? quarantine,
    maxRepeats: written?.maxRepeats ?? maxRepeats,
  };
}
