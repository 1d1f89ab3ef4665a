/** What every output format is made from. */
import type { Control } from '../../../lib/core/control.ts';
import { resourceName } from '../../../lib/core/resource-name.ts';
import type { Finding } from '../../../lib/findings/finding.ts';
import type { Replay } from '../../../lib/pipeline/replay/replay.ts';
import type { RunOrigin } from '../replay-json.ts';

/** The results of a replay or a scan, with where they come from. */
export interface RunOutput {
  readonly replay: Replay;
  readonly origin: RunOrigin;
  /** Those that evaluated. */
  readonly controls: readonly Control[];
}

/** The ARN of a finding's resource, or what stands for one. */
export function resourceNameOf({ resource, account, region }: Finding): string {
  return resourceName({ ...resource, account, region });
}

/** Open failures that no exemption covers: what a gate is about. */
export function isOpenFailure({ status, verdict, exemption }: Finding): boolean {
  return status === 'OPEN' && verdict === 'FAIL' && exemption?.state !== 'active';
}

/** The control of a finding among those that evaluated. @throws TypeError where it did not evaluate. */
export function controlOf({ controls }: RunOutput, { control: id }: Finding): Control {
  const control = controls.find((one) => one.id === id);
  if (control === undefined) throw new TypeError(`a finding is of ${id}, which did not evaluate`);
  return control;
}
