import {
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  DescribeInstanceTypesCommand,
} from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { UnansweredError } from '../../cli/exit.ts';
import { reportInput } from '../../cli/output/files.ts';
import { asffOf } from '../../cli/output/formats/asff.ts';
import { replayJson } from '../../cli/output/replay-json.ts';
import { replaySchema } from '../../cli/output/replay-schema.ts';
import { summaryText } from '../../cli/output/summary.ts';
import { renderReport } from '../../cli/report/report.ts';
import { regionsToScan } from '../../cli/scan/run.ts';
import type { Resource, ResourceType } from '../../lib/core/control.ts';
import type { LiveFactProvider } from '../../lib/core/fact-provider.ts';
import { type Fact, known, unknownFact } from '../../lib/core/facts.ts';
import { type Lister, ListingError, type Page } from '../../lib/core/list.ts';
import { AwsFacts } from '../../lib/pipeline/aws-facts.ts';
import { type ScanOptions, scan } from '../../lib/pipeline/scan/scan.ts';
import { defaultPolicy } from '../../lib/policy/file/assemble.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { makeClients } from '../../lib/services/clients.ts';
import { listerOf } from '../../lib/services/listers.ts';
import { readers, related } from '../../lib/services/readers.ts';
import { trailseal, workFolder } from './command.ts';

const account = '111122223333';
const region = 'eu-central-1';
const accountRegion = { account, region };
const start = Date.parse('2026-11-21T10:00:00Z');

function volume(id: string, more: Partial<Resource> = {}): Resource {
  const arn = `arn:aws:ec2:${region}:${account}:volume/${id}`;
  return { type: 'AwsEc2Volume', id, arn, account, region, ...more };
}

/** Facts about volumes: encrypted, unencrypted, or why it is not known. */
function volumes(answers: Readonly<Record<string, boolean | Fact<never>>>): LiveFactProvider {
  const source = { kind: 'api' as const, call: 'DescribeVolumes', at: new Date(start).toISOString() };
  return {
    readCurrent: async (requests) =>
      requests.map(({ resource }) => {
        const answer = answers[resource.id] ?? false;
        const encryption =
          typeof answer === 'boolean'
            ? known({ encrypted: answer, shownBy: 'aws' as const }, source)
            : answer;
        return [
          {
            resource,
            facts: {
              'ec2.volumeEncryption': encryption,
              'ec2.volumeKey': unknownFact('absent', 'the volume has no key'),
            },
          },
        ];
      }),
  };
}

function pagesOf(...pages: readonly (readonly Resource[])[]): Lister {
  return {
    permissions: [],
    async list(_clients, _accountRegion, token = '0'): Promise<Page> {
      const number = Number(token);
      const next = number + 1 < pages.length ? String(number + 1) : undefined;
      return { resources: pages[number] ?? [], token: next, unlisted: [] };
    },
  };
}

/** A scan of the volumes that are listed, by one control where no others are named. */
function scanned(
  lister: Lister,
  facts: LiveFactProvider,
  more: Partial<ScanOptions> = {},
): ReturnType<typeof scan> {
  let time = start;
  return scan({
    controls: controls.filter(({ id }) => id === 'ec2-volume-encryption'),
    policy: defaultPolicy(controls),
    account,
    regions: [region],
    listerOf: (type) => (type === 'AwsEc2Volume' ? lister : listerOf(type)),
    clients: ({ region: where }) => makeClients({ region: where }),
    facts,
    now: () => {
      time += 1_000;
      return new Date(time);
    },
    ...more,
  });
}

const deleted = unknownFact('deleted', 'ec2:DescribeVolumes does not find it');
const denied = unknownFact('denied', 'ec2:DescribeVolumes was denied (no)');

describe('a scan', () => {
  it('opens a finding for a failure, with an unknown actor', async () => {
    const { findings } = await scanned(pagesOf([volume('vol-1')]), volumes({ 'vol-1': false }));
    expect(findings).toMatchObject([
      {
        id: `trailseal/ec2-volume-encryption/${account}/${region}/vol-1`,
        status: 'OPEN',
        verdict: 'FAIL',
        openedAt: '2026-11-21T10:00:01.000Z',
        eventIds: [],
        actor: { type: 'unknown', arn: 'unknown', name: 'unknown (found by the scan)' },
        history: [{ eventName: 'Scan' }],
      },
    ]);
  });

  it('counts resources that were listed, evaluated, and deleted before evaluation', async () => {
    const result = await scanned(
      pagesOf([volume('vol-1'), volume('vol-2')], [volume('vol-3')]),
      volumes({ 'vol-1': true, 'vol-2': deleted, 'vol-3': false }),
    );
    expect(result).toMatchObject({
      records: 3,
      matched: 2,
      ignored: { 'no-resource-id': 1 },
      verdicts: { PASS: 1, FAIL: 1, UNKNOWN: 0, NOT_APPLICABLE: 0 },
      posture: { 'ec2-volume-encryption': { PASS: 1, FAIL: 1, UNKNOWN: 0, NOT_APPLICABLE: 0 } },
      inputErrors: [],
      period: { from: '2026-11-21T10:00:01.000Z', to: '2026-11-21T10:00:02.000Z' },
    });
  });

  it('evaluates a resource once that is on two pages of a listing', async () => {
    const { records, findings } = await scanned(
      pagesOf([volume('vol-1')], [volume('vol-1'), volume('vol-2')]),
      volumes({}),
    );
    expect({ records, findings: findings.length }).toEqual({ records: 2, findings: 2 });
  });

  it('has the findings in one order, whatever is listed first', async () => {
    const { findings } = await scanned(
      pagesOf([volume('vol-2'), volume('vol-1')], [volume('vol-0')]),
      volumes({}),
    );
    expect(findings.map(({ resource }) => resource.id)).toEqual(['vol-0', 'vol-1', 'vol-2']);
  });

  it('leaves out disabled controls', async () => {
    const policy = defaultPolicy(controls);
    const { records } = await scanned(pagesOf([volume('vol-1')]), volumes({}), {
      policy: {
        ...policy,
        controls: new Map([...policy.controls].map(([id, entry]) => [id, { ...entry, enabled: false }])),
      },
    });
    expect(records).toBe(0);
  });

  it('scans four Regions at a time', async () => {
    let running = 0;
    let most = 0;
    const list = async (): Promise<Page> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return { resources: [], token: undefined, unlisted: [] };
    };
    const regions = Array.from({ length: 12 }, (_, index) => `eu-west-${index}`);
    await scanned({ permissions: [], list }, volumes({}), { regions });
    expect(most).toBe(4);
  });

  it('ends when it is aborted', async () => {
    const signal = AbortSignal.abort(new Error('interrupted'));
    await expect(scanned(pagesOf([volume('vol-1')]), volumes({}), { signal })).rejects.toThrow('interrupted');
  });

  it('reports its progress', async () => {
    const reported: unknown[] = [];
    await scanned(pagesOf([volume('vol-1')], [volume('vol-2')]), volumes({}), {
      onProgress: (progress) => reported.push(progress),
    });
    expect(reported).toEqual([
      { listings: 1, listingsDone: 0, resources: 1 },
      { listings: 1, listingsDone: 0, resources: 2 },
      { listings: 1, listingsDone: 1, resources: 2 },
    ]);
  });
});

describe('an error of AWS in a scan', () => {
  const named = (name: string) => Object.assign(new Error('no'), { name });

  it('in a listing is an input error that names the IAM action, and no verdict', async () => {
    const error = new ListingError('ec2:DescribeVolumes', accountRegion, named('UnauthorizedOperation'));
    const list = () => Promise.reject(error);
    const { inputErrors, verdicts } = await scanned({ permissions: [], list }, volumes({}));
    expect(inputErrors).toEqual([{ file: `${account}/${region}/AwsEc2Volume`, reason: error.message }]);
    expect(verdicts).toEqual({ PASS: 0, FAIL: 0, UNKNOWN: 0, NOT_APPLICABLE: 0 });
  });

  it('in a fact is UNKNOWN, and one input error for all alike', async () => {
    const { inputErrors, verdicts } = await scanned(
      pagesOf([volume('vol-1'), volume('vol-2')]),
      volumes({ 'vol-1': denied, 'vol-2': denied }),
    );
    expect(verdicts.UNKNOWN).toBe(2);
    expect(inputErrors).toEqual([
      {
        file: `${account}/${region}/AwsEc2Volume`,
        reason: 'ec2:DescribeVolumes was denied (no); ec2-volume-encryption could not evaluate 2 resources',
      },
    ]);
  });

  it('in the grants of many keys is one input error', async () => {
    const errors = ['one', 'two'].map(
      (key) => new ListingError('kms:ListGrants', accountRegion, named('AccessDeniedException'), key),
    );
    const list = async () => ({ resources: [], token: undefined, unlisted: errors });
    const { inputErrors } = await scanned({ permissions: [], list }, volumes({}));
    expect(inputErrors).toEqual([
      {
        file: `${account}/${region}/AwsEc2Volume`,
        reason: `${errors[0]?.message} (and 1 more like it)`,
      },
    ]);
  });

  it('in one listing does not affect the others', async () => {
    const type: ResourceType = 'AwsEc2Snapshot';
    const error = new ListingError('ec2:DescribeSnapshots', accountRegion, named('UnauthorizedOperation'));
    const { findings, inputErrors } = await scanned(pagesOf([volume('vol-1')]), volumes({}), {
      controls: controls.filter(({ id }) => /^(ec2-volume-encryption|ebs-snapshot-sharing)$/.test(id)),
      listerOf: (of) =>
        of === type ? { permissions: [], list: () => Promise.reject(error) } : pagesOf([volume('vol-1')]),
    });
    expect({ findings: findings.length, errors: inputErrors.length }).toEqual({ findings: 1, errors: 1 });
  });

  it('of our own code is an internal error', async () => {
    const list = () => Promise.reject(new TypeError('no such thing'));
    await expect(scanned({ permissions: [], list }, volumes({}))).rejects.toThrow(TypeError);
  });
});

describe('the outputs of a scan', () => {
  const origin = {
    command: 'scan',
    version: '0.1.0',
    generatedAt: new Date(start).toISOString(),
    sources: [`${account}/${region}`],
    policy: 'built in',
    scopeErrors: [],
    accountNames: new Map<string, string>(),
  } as const;
  const options = { colour: false, width: 140, quiet: false };
  const one = () => scanned(pagesOf([volume('vol-1')], [volume('vol-2')]), volumes({ 'vol-2': deleted }));

  it('have a summary of what was scanned, without actors and times', async () => {
    const text = summaryText(await one(), origin, [], options);
    expect(text).toContain(
      [
        'Trailseal scan of 111122223333/eu-central-1',
        '2 resources in 1 Region, as of 2026-11-21T10:00Z; policy: built in',
        '1 evaluated, 1 deleted before evaluation',
      ].join('\n'),
    );
    expect(text).not.toMatch(/Opened|Actor\b|unknown \(found/);
  });

  it('have a report of resources, without charts of times and actors', async () => {
    const report = renderReport(reportInput(await one(), controls, origin));
    const words = report.replace(/<(script|style)\b[^>]*>.*?<\/\1>/gs, '');
    expect(words).toContain('<dt>Resources</dt><dd>2 listed, 1 evaluated</dd>');
    expect(words).toContain('Deleted before evaluation');
    expect(words).not.toMatch(/Over time|Top actors|trail|CloudTrail record/);
  });

  it('have ASFF with the details and tags of the resources', async () => {
    const replay = await scanned(
      pagesOf([volume('vol-1', { tags: { team: 'payments' } })]),
      volumes({ 'vol-1': false }),
    );
    const { findings } = asffOf({ replay, origin, controls });
    expect(findings).toMatchObject([
      { Resources: [{ Tags: { team: 'payments' }, Details: { AwsEc2Volume: { Encrypted: false } } }] },
    ]);
  });

  it('match the schema of a replay', async () => {
    const json = replayJson(await one(), origin);
    expect(replaySchema.parse(JSON.parse(JSON.stringify(json)))).toEqual(json);
  });
});

describe('10,000 instances', () => {
  it('take less than a hundred calls', async () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => `i-${String(index).padStart(17, '0')}`);
    const clients = makeClients({ region });
    const ec2 = mockClient(clients.ec2);
    ec2.on(DescribeInstancesCommand).callsFake((input: DescribeInstancesCommandInput) => {
      const from = Number(input.NextToken ?? 0);
      const asked = input.InstanceIds ?? ids.slice(from, from + (input.MaxResults ?? 0));
      const Instances = asked.map((InstanceId) => ({
        InstanceId,
        InstanceType: 'm6i.large',
        State: { Name: 'running' },
      }));
      const more = input.InstanceIds === undefined && from + asked.length < ids.length;
      return {
        Reservations: [{ Instances }],
        ...(more ? { NextToken: String(from + asked.length) } : {}),
      };
    });
    ec2.on(DescribeInstanceTypesCommand).resolves({
      InstanceTypes: [{ InstanceType: 'm6i.large', NetworkInfo: { EncryptionInTransitSupported: true } }],
    });
    const wait = async () => undefined;
    const now = () => new Date(start);
    const result = await scanned(
      listerOf('AwsEc2Volume'),
      new AwsFacts({ readers, related, clients: () => clients, now, wait }),
      { controls: controls.filter(({ id }) => id === 'ec2-transit-encryption'), clients: () => clients },
    );
    expect(result.verdicts).toEqual({ PASS: 10_000, FAIL: 0, UNKNOWN: 0, NOT_APPLICABLE: 0 });
    expect(ec2.calls().length).toBeLessThan(100);
  });
});

describe('the Regions of a scan', () => {
  const nobody = () => Promise.reject(new Error('AWS is not asked'));

  it('are not looked up where all of them are known', async () => {
    expect(await regionsToScan(['eu-west-1', 'us-east-1'], region, nobody)).toEqual({
      regions: ['eu-west-1', 'us-east-1'],
      errors: [],
    });
  });

  it('leave out one that does not exist, and say which was meant', async () => {
    expect(await regionsToScan(['eu-centrl-1', 'eu-west-1'], region, async () => ['eu-west-1'])).toEqual({
      regions: ['eu-west-1'],
      errors: ['--region eu-centrl-1: there is no such Region; did you mean eu-central-1?'],
    });
  });

  it('include one that only AWS knows yet', async () => {
    expect(await regionsToScan(['xx-new-1'], region, async () => ['xx-new-1'])).toEqual({
      regions: ['xx-new-1'],
      errors: [],
    });
  });

  it('leave out one that does not exist, also where AWS does not answer', async () => {
    const denied = () => Promise.reject(new UnansweredError('denied'));
    expect((await regionsToScan(['eu-centrl-1'], region, denied)).regions).toEqual([]);
  });
});

describe('trailseal scan', () => {
  beforeAll(() => {
    for (const name of ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION']) {
      delete process.env[name];
    }
    const nowhere = '/nonexistent/aws';
    Object.assign(process.env, {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: nowhere,
      AWS_SHARED_CREDENTIALS_FILE: nowhere,
    });
  });

  it('where AWS is not reached does not blame the credentials', () => {
    // Nothing listens on the discard port.
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    const { code, stderr } = trailseal(workFolder(), ['scan', '--region', 'eu-central-1']);
    vi.unstubAllEnvs();
    expect(stderr).toBe(
      'trailseal: cannot reach AWS in eu-central-1: Error (connect ECONNREFUSED 127.0.0.1:9); ' +
        'check that the Region exists and that this machine can reach it\n',
    );
    expect(code).toBe(3);
  });

  it.each([
    [
      'without credentials',
      ['--region', 'eu-central-1'],
      /there are none: CredentialsProviderError.*--profile/,
    ],
    ['with an unknown profile', ['--region', 'eu-central-1', '--profile', 'lab'], /of profile lab/],
    ['without a Region', [], /no Region is configured: name one with --region, or set AWS_REGION/],
    [
      'with all Regions, no configured Region and no credentials',
      ['--region', 'all'],
      /there are none: CredentialsProviderError/,
    ],
    ['with an invalid Region', ['--region', 'mars'], /--region takes a Region such as eu-central-1/],
    ['with an incomplete list', ['--region', 'eu-west-1,'], /--region takes a Region .* not nothing/],
    ['with all Regions and one more', ['--region', 'all,eu-west-1'], /--region all cannot be combined/],
  ])('%s is wrong usage', (_what, args, message) => {
    const { code, stderr, stdout } = trailseal(workFolder(), ['scan', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
