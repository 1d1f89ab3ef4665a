/** The compliance view: the verdicts of the evaluated resources for each requirement of each standard. */
import type { Standards, Verdict } from '../../lib/core/control.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import type { ReportInput } from './input.ts';

export const standardNames: readonly { readonly key: keyof Standards; readonly name: string }[] = [
  { key: 'NIST.800-53.r5', name: 'NIST SP 800-53 Revision 5' },
  { key: 'PCI DSS v4.0.1', name: 'PCI DSS v4.0.1' },
  { key: 'AWS FSBP', name: 'AWS Foundational Security Best Practices' },
];

/** Worst first. `exempt`: fails, but every open failure is exempt; `not-evaluated`: no resource was evaluated. */
export type RequirementStatus = 'fails' | 'exempt' | 'unknown' | 'passes' | 'not-evaluated';

export interface RequirementRow {
  readonly requirement: string;
  readonly controls: readonly string[];
  /** Resources, by the last verdict of the requirement's controls. */
  readonly counts: Readonly<Record<Verdict, number>>;
  readonly open: number;
  /** Open findings with an active exemption. */
  readonly exempt: number;
  readonly status: RequirementStatus;
}

export interface StandardTable {
  readonly name: string;
  readonly rows: readonly RequirementRow[];
}

/** One table for each standard, with the requirements that the controls map to. */
export function compliance(
  input: Pick<ReportInput, 'controls' | 'findings' | 'posture'>,
): readonly StandardTable[] {
  const openByControl = new Map<string, Finding[]>();
  for (const finding of input.findings) {
    if (finding.status !== 'OPEN') continue;
    const open = openByControl.get(finding.control);
    if (open === undefined) openByControl.set(finding.control, [finding]);
    else open.push(finding);
  }
  return standardNames.map(({ key, name }) => {
    const controlsOf = new Map<string, string[]>();
    for (const control of input.controls) {
      for (const requirement of new Set(control.standards[key])) {
        controlsOf.set(requirement, [...(controlsOf.get(requirement) ?? []), control.id]);
      }
    }
    const rows = [...controlsOf]
      .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
      .map(([requirement, controls]) => {
        const counts = { PASS: 0, FAIL: 0, UNKNOWN: 0, NOT_APPLICABLE: 0 };
        for (const control of controls) {
          const posture = Object.hasOwn(input.posture, control) ? input.posture[control] : undefined;
          if (posture === undefined) continue;
          counts.PASS += posture.PASS;
          counts.FAIL += posture.FAIL;
          counts.UNKNOWN += posture.UNKNOWN;
          counts.NOT_APPLICABLE += posture.NOT_APPLICABLE;
        }
        const open = controls.flatMap((control) => openByControl.get(control) ?? []);
        return {
          requirement,
          controls,
          counts,
          open: open.length,
          exempt: open.filter((finding) => finding.exemption?.state === 'active').length,
          status: statusOf(counts, open),
        };
      });
    return { name, rows };
  });
}

function statusOf(counts: Readonly<Record<Verdict, number>>, open: readonly Finding[]): RequirementStatus {
  const failures = open.filter((finding) => finding.verdict === 'FAIL');
  const notExempt = failures.filter((finding) => finding.exemption?.state !== 'active');
  // A failure without an open finding has no exemption.
  if (notExempt.length > 0 || counts.FAIL > failures.length) return 'fails';
  if (failures.length > 0) return 'exempt';
  if (counts.UNKNOWN > 0 || open.length > 0) return 'unknown';
  return counts.PASS > 0 ? 'passes' : 'not-evaluated';
}
