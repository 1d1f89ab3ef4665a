import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../lib/policy/file/parse.ts';
import { mayDo } from '../../lib/remediation/eligibility/permitted.ts';
import { controls as kmsControls } from '../../lib/services/kms/controls/index.ts';

function may(text: string) {
  const parsed = parsePolicy(`version: 1\n${text}`, 'trailseal.policy.yml', kmsControls);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return (['tag', 'fix:enable-key', 'fix:enable-rotation'] as const).filter((action) =>
    mayDo(parsed.policy, kmsControls, action),
  );
}

describe('a deployment may do', () => {
  it('nothing, where the policy only reports', () => {
    expect(may('')).toEqual([]);
  });

  it('what the policy asks for', () => {
    expect(may('controls: { kms-key-disabled: { actions: [tag, fix:enable-key] } }')).toEqual([
      'tag',
      'fix:enable-key',
    ]);
  });

  it('what operators may order', () => {
    expect(may('operators: { customActions: [fix:enable-rotation, undo] }')).toEqual(['fix:enable-rotation']);
  });

  it('nothing for a control that is not enabled', () => {
    const off = 'controls: { kms-key-disabled: { enabled: false, actions: [fix:enable-key] } }';
    expect(may(off)).toEqual([]);
  });
});
