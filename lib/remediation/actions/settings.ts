/**
 * What the policy may set about actions, each by the action's own schema. Of a fix there is nothing to set: it brings
 * about what its control requires.
 */
import type * as Quarantine from '../../services/ec2/quarantine/settings.ts';
import { settings as quarantine } from '../../services/ec2/quarantine/settings.ts';
import type * as Tag from './tag/settings.ts';
import { settings as tag } from './tag/settings.ts';

export interface ActionSettings {
  readonly tag: Tag.Settings;
  readonly quarantine: Quarantine.Settings;
}

/** By action, the schema of its settings; every setting has a default. */
export const actionSettings = { tag, quarantine };
