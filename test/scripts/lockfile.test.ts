/** The licences of dependencies, and what the audit of the lockfile finds. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  copyleft,
  type LockedPackage,
  licenceFault,
  lockedPackages,
  lockFault,
} from '../../scripts/lockfile/packages.ts';
import { signatures, vulnerabilities } from '../../scripts/lockfile/registry-audit.ts';

const root = path.join(import.meta.dirname, '..', '..');
const packages = lockedPackages(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));

const sample: LockedPackage = {
  folder: 'node_modules/sample',
  name: 'sample',
  version: '1.0.0',
  license: 'MIT',
  use: 'shipped',
  integrity: 'sha512-AAAA',
  resolved: undefined,
};

describe('package-lock.json', () => {
  it('has no package under a licence that forbids its use here', () => {
    expect(packages.flatMap((one) => licenceFault(one)?.concat(`: ${one.name}`) ?? [])).toEqual([]);
  });

  it('names the bytes of every package', () => {
    expect(packages.flatMap((one) => lockFault(one)?.concat(`: ${one.name}`) ?? [])).toEqual([]);
  });

  it('has what is shipped, development apart', () => {
    const uses = Object.fromEntries(packages.map(({ name, use }) => [name, use]));
    expect(uses).toMatchObject({
      zod: 'shipped',
      'chart.js': 'shipped',
      vitest: 'development',
      '@cloud-copilot/iam-simulate': 'development',
    });
  });

  it.each(copyleft.map(({ packages: of, license }) => [of, license] as const))(
    'still has what is listed as copyleft: %s',
    (of, license) => {
      expect(packages.some((one) => of.test(one.name) && one.license === license)).toBe(true);
    },
  );
});

describe('a licence', () => {
  it.each([
    ['MIT', 'shipped', undefined],
    ['(MIT OR GPL-3.0-only)', 'shipped', undefined],
    ['MIT AND GPL-3.0-only', 'shipped', 'is shipped, and MIT AND GPL-3.0-only is not a permissive licence'],
    ['GPL-3.0-only', 'shipped', 'is shipped, and GPL-3.0-only is not a permissive licence'],
    ['MPL-2.0', 'shipped', 'is shipped, and MPL-2.0 is not a permissive licence'],
    ['AGPL-3.0-or-later', 'shipped', 'is shipped, and AGPL-3.0-or-later is not a permissive licence'],
    [
      'AGPL-3.0-or-later',
      'development',
      'is under AGPL-3.0-or-later, which nobody has reviewed for development',
    ],
    [undefined, 'development', 'states no licence'],
  ] as const)('%s, %s: %s', (license, use, fault) => {
    expect(licenceFault({ ...sample, license, use })).toBe(fault);
  });
});

it('nothing outside of test/ imports what is under the AGPL', () => {
  const importing = ['lib', 'functions', 'cli', 'deploy', 'scripts', 'bench', 'bin']
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        path.join(folder, name),
      ),
    )
    .filter((file) => /\.(ts|mjs|js)$/.test(file))
    .filter((file) =>
      /from '@cloud-copilot\/iam-(simulate|policy|utils)/.test(readFileSync(path.join(root, file), 'utf8')),
    );
  expect(importing).toEqual([]);
});

describe('a locked package is a fault', () => {
  it.each([
    ['without integrity', { integrity: undefined }, 'has no integrity: whatever is downloaded is installed'],
    ['with a weak one', { integrity: 'sha1-AAAA' }, 'has the integrity sha1-AAAA…, which is no SHA-512'],
    [
      'from elsewhere',
      { resolved: 'git+ssh://git@example.com/x.git' },
      'comes from git+ssh://git@example.com/x.git, which is not the registry',
    ],
  ])('%s', (_what, given, fault) => {
    expect(lockFault({ ...sample, ...given })).toBe(fault);
  });
});

describe('the registry', () => {
  const report = (severity: string) =>
    JSON.stringify({
      auditReportVersion: 2,
      vulnerabilities: { ws: { name: 'ws', severity, range: '<8.17.1', via: [] } },
      metadata: { vulnerabilities: { [severity]: 1 } },
    });

  it('knows a severe vulnerability: a fault', () => {
    expect(vulnerabilities({ stdout: report('high'), stderr: '' })).toEqual({
      kind: 'faults',
      faults: ['ws <8.17.1 has a known vulnerability of severity high'],
    });
  });

  it('knows milder ones only: none', () => {
    expect(vulnerabilities({ stdout: report('low'), stderr: '' }).kind).toBe('clean');
  });

  it.each([
    [
      'does not offer audits',
      '{"message":"405 Method Not Allowed - POST https://registry.npmjs.org/-/npm/v1/security/advisories/bulk","statusCode":405}',
      '',
      '405 Method Not Allowed - POST https://registry.npmjs.org/-/npm/v1/security/advisories/bulk',
    ],
    [
      'is not reached',
      '',
      'npm error code ENOTFOUND\nnpm error network request to https://x failed, reason: getaddrinfo ENOTFOUND x\n',
      'network request to https://x failed, reason: getaddrinfo ENOTFOUND x',
    ],
    [
      'is not reached, as npm says in JSON',
      '{"error":{"code":"ENOTFOUND","summary":"request to https://x failed, reason: getaddrinfo ENOTFOUND x"}}',
      '',
      'request to https://x failed, reason: getaddrinfo ENOTFOUND x',
    ],
    ['says nothing', '', '', 'npm says nothing'],
    [
      'says what is no report',
      '{"vulnerabilities":{}}',
      'npm error 500 Internal Server Error',
      '500 Internal Server Error',
    ],
  ])('%s: no answer, with the reason', (_what, stdout, stderr, because) => {
    expect(vulnerabilities({ stdout, stderr })).toEqual({ kind: 'no-answer', because });
    expect(signatures({ stdout, stderr })).toEqual({ kind: 'no-answer', because });
  });

  it('has a signature that is not valid: a fault', () => {
    const stdout = JSON.stringify({ invalid: [{ name: 'zod', version: '4.6.7' }], missing: [] });
    expect(signatures({ stdout, stderr: '' })).toEqual({
      kind: 'faults',
      faults: ['zod 4.6.7 has a signature that is not valid'],
    });
  });

  it('signs nothing: none', () => {
    const stdout = JSON.stringify({ invalid: [], missing: [{ name: 'zod', version: '4.6.7' }] });
    expect(signatures({ stdout, stderr: '' })).toEqual({
      kind: 'clean',
      what: 'no signature that is not valid (1 packages have none)',
    });
  });
});
