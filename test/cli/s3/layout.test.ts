import { describe, expect, it } from 'vitest';
import { type AccountRegion, accountRegionOf, afterLook, stepFrom } from '../../../cli/s3/layout.ts';

const account = '111122223333';
const folder = `AWSLogs/${account}/CloudTrail/`;
const at = (prefix: string): AccountRegion => accountRegionOf({ bucket: 'trails', prefix });
const october = { since: Date.parse('2026-10-05T00:00:00Z'), until: Date.parse('2026-10-06T00:00:00Z') };

describe('the place of a prefix', () => {
  it.each([
    ['', 'above'],
    ['security/', 'above'],
    ['AWSLogs/', 'logs'],
    ['security/AWSLogs/', 'logs'],
    ['o-exampleorgid/AWSLogs/o-exampleorgid/', 'organization'],
    [`AWSLogs/${account}/`, 'account'],
    [`AWSLogs/o-exampleorgid/${account}/`, 'account'],
    [folder, 'cloudtrail'],
    [`${folder}eu-central-1/`, 'region'],
    [`AWSLogs/o-exampleorgid/${account}/CloudTrail/us-gov-west-1/`, 'region'],
    [`AWSLogs/${account}/Config/`, 'other'],
    [`AWSLogs/${account}/CloudTrail-Digest/`, 'other'],
    [`${folder}eu-central-1/2026/October/`, 'other'],
    ['AWSLogs/backup/', 'other'],
  ])('%s is %s', (prefix, kind) => {
    expect(at(prefix)).toMatchObject({ kind, prefix });
  });

  it('in a Region keeps which of its days are named', () => {
    expect(at(`${folder}eu-central-1/2026/10/`)).toEqual({
      kind: 'region',
      prefix: `${folder}eu-central-1/`,
      within: '2026/10/',
    });
  });
});

describe('the way down', () => {
  it('goes to the accounts and Regions that are asked for without looking which there are', () => {
    const accounts = new Set([account, '444455556666']);
    expect(stepFrom(at('AWSLogs/o-exampleorgid/'), { accounts })).toEqual({
      kind: 'go',
      accountRegions: [
        { kind: 'account', prefix: `AWSLogs/o-exampleorgid/${account}/` },
        { kind: 'account', prefix: 'AWSLogs/o-exampleorgid/444455556666/' },
      ],
    });
    expect(stepFrom(at(folder), { regions: new Set(['eu-west-1']) })).toEqual({
      kind: 'go',
      accountRegions: [{ kind: 'region', prefix: `${folder}eu-west-1/` }],
    });
  });

  it('leaves digests and other services alone', () => {
    expect(stepFrom(at(`AWSLogs/${account}/`), {})).toEqual({
      kind: 'go',
      accountRegions: [{ kind: 'cloudtrail', prefix: folder }],
    });
  });

  it.each([`AWSLogs/${account}/`, folder, `${folder}eu-central-1/`, `${folder}eu-central-1/2026/10/05/`])(
    'ends at an account that is not asked for: %s',
    (prefix) => {
      expect(stepFrom(at(prefix), { accounts: new Set(['444455556666']) })).toEqual({
        kind: 'list',
        prefixes: [],
      });
    },
  );

  it('ends at a Region that is not asked for', () => {
    expect(stepFrom(at(`${folder}eu-central-1/`), { regions: new Set(['eu-west-1']) })).toEqual({
      kind: 'list',
      prefixes: [],
    });
  });

  it('lists a Region whole where no days are asked for', () => {
    expect(stepFrom(at(`${folder}eu-central-1/`), {})).toEqual({
      kind: 'list',
      prefixes: [`${folder}eu-central-1/`],
    });
  });

  it('lists the days of a Region that are asked for', () => {
    expect(stepFrom(at(`${folder}eu-central-1/`), october)).toEqual({
      kind: 'list',
      prefixes: [`${folder}eu-central-1/2026/10/05/`, `${folder}eu-central-1/2026/10/06/`],
    });
  });

  it.each([
    ['2026/', ['2026/10/05/', '2026/10/06/']],
    ['2026/10/', ['2026/10/05/', '2026/10/06/']],
    ['2026/10/06/', ['2026/10/06/']],
    ['2026/10/07/', []],
    ['2025/', []],
  ])('lists what is both named and asked for: %s', (within, folders) => {
    expect(stepFrom(at(`${folder}eu-central-1/${within}`), october)).toEqual({
      kind: 'list',
      prefixes: folders.map((name) => `${folder}eu-central-1/${name}`),
    });
  });

  it('looks for the years of a Region where one end is open', () => {
    const accountRegion = at(`${folder}eu-central-1/`);
    const scope = { since: Date.parse('2026-12-31T00:00:00Z') };
    expect(stepFrom(accountRegion, scope)).toEqual({ kind: 'look' });
    expect(afterLook(accountRegion, { folders: ['2025', '2026', '2027'], files: [] }, scope)).toEqual({
      accountRegions: [],
      prefixes: [`${folder}eu-central-1/2026/12/31/`, `${folder}eu-central-1/2027/`],
      beside: [],
    });
  });
});

describe('what is seen on the way', () => {
  it('goes on from AWSLogs, and tells what is beside it', () => {
    expect(afterLook(at(''), { folders: ['AWSLogs', 'athena'], files: ['readme.json'] }, {})).toEqual({
      accountRegions: [{ kind: 'logs', prefix: 'AWSLogs/' }],
      beside: ['athena/', 'readme.json'],
    });
  });

  it('is looked into once where there is no AWSLogs, and then listed whole', () => {
    const first = afterLook(at(''), { folders: ['security'], files: [] }, {});
    expect(first).toEqual({
      accountRegions: [{ kind: 'above', prefix: 'security/', depth: 1 }],
      files: true,
      beside: [],
    });
    const [accountRegion = at('')] = first.accountRegions;
    expect(afterLook(accountRegion, { folders: ['2026'], files: [] }, {}).accountRegions).toEqual([
      { kind: 'other', prefix: 'security/2026/', depth: 2 },
    ]);
  });

  it('is listed whole at once where it is many folders', () => {
    const folders = Array.from({ length: 101 }, (_, index) => `part-${index}`);
    expect(afterLook(at('exports/'), { folders, files: [] }, {})).toEqual({
      accountRegions: [],
      prefixes: ['exports/'],
      beside: [],
    });
  });

  it('are accounts and organizations', () => {
    const folders = [account, 'o-exampleorgid', 'vpcflowlogs'];
    expect(afterLook(at('AWSLogs/'), { folders, files: [] }, {})).toEqual({
      accountRegions: [
        { kind: 'organization', prefix: 'AWSLogs/o-exampleorgid/' },
        { kind: 'account', prefix: `AWSLogs/${account}/` },
      ],
      beside: ['vpcflowlogs/'],
    });
  });

  it('are organizations alone for a trail of one', () => {
    const accountRegion = accountRegionOf({ bucket: 'trails', prefix: 'AWSLogs/', onlyOrganizations: true });
    expect(
      afterLook(accountRegion, { folders: [account, 'o-exampleorgid'], files: [] }, {}).accountRegions,
    ).toEqual([{ kind: 'organization', prefix: 'AWSLogs/o-exampleorgid/' }]);
  });
});
