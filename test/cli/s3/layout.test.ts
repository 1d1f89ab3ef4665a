import { describe, expect, it } from 'vitest';
import { afterVisit, folderAt, type LayoutFolder, nextStep } from '../../../cli/s3/layout.ts';

const account = '111122223333';
const base = `AWSLogs/${account}/CloudTrail/`;
const at = (prefix: string): LayoutFolder => folderAt({ bucket: 'trails', prefix });
const october = { since: Date.parse('2026-10-05T00:00:00Z'), until: Date.parse('2026-10-06T00:00:00Z') };

describe('the level of a prefix', () => {
  it.each([
    ['', 'above'],
    ['security/', 'above'],
    ['AWSLogs/', 'logs'],
    ['security/AWSLogs/', 'logs'],
    ['o-exampleorgid/AWSLogs/o-exampleorgid/', 'organization'],
    [`AWSLogs/${account}/`, 'account'],
    [`AWSLogs/o-exampleorgid/${account}/`, 'account'],
    [base, 'cloudtrail'],
    [`${base}eu-central-1/`, 'region'],
    [`AWSLogs/o-exampleorgid/${account}/CloudTrail/us-gov-west-1/`, 'region'],
    [`AWSLogs/${account}/Config/`, 'other'],
    [`AWSLogs/${account}/CloudTrail-Digest/`, 'other'],
    [`${base}eu-central-1/2026/October/`, 'other'],
    ['AWSLogs/backup/', 'other'],
  ])('%s is %s', (prefix, kind) => {
    expect(at(prefix)).toMatchObject({ kind, prefix });
  });

  it('in a Region keeps the days that are named', () => {
    expect(at(`${base}eu-central-1/2026/10/`)).toEqual({
      kind: 'region',
      prefix: `${base}eu-central-1/`,
      within: '2026/10/',
    });
  });
});

describe('the next step', () => {
  it('descends to the accounts and Regions in scope without listing which exist', () => {
    const accounts = new Set([account, '444455556666']);
    expect(nextStep(at('AWSLogs/o-exampleorgid/'), { accounts })).toEqual({
      kind: 'descend',
      folders: [
        { kind: 'account', prefix: `AWSLogs/o-exampleorgid/${account}/` },
        { kind: 'account', prefix: 'AWSLogs/o-exampleorgid/444455556666/' },
      ],
    });
    expect(nextStep(at(base), { regions: new Set(['eu-west-1']) })).toEqual({
      kind: 'descend',
      folders: [{ kind: 'region', prefix: `${base}eu-west-1/` }],
    });
  });

  it('ignores digests and other services', () => {
    expect(nextStep(at(`AWSLogs/${account}/`), {})).toEqual({
      kind: 'descend',
      folders: [{ kind: 'cloudtrail', prefix: base }],
    });
  });

  it.each([`AWSLogs/${account}/`, base, `${base}eu-central-1/`, `${base}eu-central-1/2026/10/05/`])(
    'ends at an account out of scope: %s',
    (prefix) => {
      expect(nextStep(at(prefix), { accounts: new Set(['444455556666']) })).toEqual({
        kind: 'list',
        prefixes: [],
      });
    },
  );

  it('ends at a Region out of scope', () => {
    expect(nextStep(at(`${base}eu-central-1/`), { regions: new Set(['eu-west-1']) })).toEqual({
      kind: 'list',
      prefixes: [],
    });
  });

  it('lists a Region completely where the scope has no days', () => {
    expect(nextStep(at(`${base}eu-central-1/`), {})).toEqual({
      kind: 'list',
      prefixes: [`${base}eu-central-1/`],
    });
  });

  it('lists the days of a Region in scope', () => {
    expect(nextStep(at(`${base}eu-central-1/`), october)).toEqual({
      kind: 'list',
      prefixes: [`${base}eu-central-1/2026/10/05/`, `${base}eu-central-1/2026/10/06/`],
    });
  });

  it.each([
    ['2026/', ['2026/10/05/', '2026/10/06/']],
    ['2026/10/', ['2026/10/05/', '2026/10/06/']],
    ['2026/10/06/', ['2026/10/06/']],
    ['2026/10/07/', []],
    ['2025/', []],
  ])('lists what is both named and in scope: %s', (within, folders) => {
    expect(nextStep(at(`${base}eu-central-1/${within}`), october)).toEqual({
      kind: 'list',
      prefixes: folders.map((name) => `${base}eu-central-1/${name}`),
    });
  });

  it('visits a Region for its years where the scope is open', () => {
    const folder = at(`${base}eu-central-1/`);
    const scope = { since: Date.parse('2026-12-31T00:00:00Z') };
    expect(nextStep(folder, scope)).toEqual({ kind: 'visit' });
    expect(afterVisit(folder, { folders: ['2025', '2026', '2027'], files: [] }, scope)).toEqual({
      folders: [],
      prefixes: [`${base}eu-central-1/2026/12/31/`, `${base}eu-central-1/2027/`],
      beside: [],
    });
  });
});

describe('the contents of a visited folder', () => {
  it('lead to AWSLogs, and list what is beside it', () => {
    expect(afterVisit(at(''), { folders: ['AWSLogs', 'athena'], files: ['readme.json'] }, {})).toEqual({
      folders: [{ kind: 'logs', prefix: 'AWSLogs/' }],
      beside: ['athena/', 'readme.json'],
    });
  });

  it('are visited once where there is no AWSLogs, and then listed completely', () => {
    const first = afterVisit(at(''), { folders: ['security'], files: [] }, {});
    expect(first).toEqual({
      folders: [{ kind: 'above', prefix: 'security/', depth: 1 }],
      files: true,
      beside: [],
    });
    const [folder = at('')] = first.folders;
    expect(afterVisit(folder, { folders: ['2026'], files: [] }, {}).folders).toEqual([
      { kind: 'other', prefix: 'security/2026/', depth: 2 },
    ]);
  });

  it('are listed completely at once where there are many folders', () => {
    const folders = Array.from({ length: 101 }, (_, index) => `part-${index}`);
    expect(afterVisit(at('exports/'), { folders, files: [] }, {})).toEqual({
      folders: [],
      prefixes: ['exports/'],
      beside: [],
    });
  });

  it('are accounts and organizations', () => {
    const folders = [account, 'o-exampleorgid', 'vpcflowlogs'];
    expect(afterVisit(at('AWSLogs/'), { folders, files: [] }, {})).toEqual({
      folders: [
        { kind: 'organization', prefix: 'AWSLogs/o-exampleorgid/' },
        { kind: 'account', prefix: `AWSLogs/${account}/` },
      ],
      beside: ['vpcflowlogs/'],
    });
  });

  it('are only organizations for a trail of one', () => {
    const folder = folderAt({ bucket: 'trails', prefix: 'AWSLogs/', onlyOrganizations: true });
    expect(afterVisit(folder, { folders: [account, 'o-exampleorgid'], files: [] }, {}).folders).toEqual([
      { kind: 'organization', prefix: 'AWSLogs/o-exampleorgid/' },
    ]);
  });
});
