/**
 * The part of the sample that the controls evaluate: October 2026 in the example organization, subject by subject. What is
 * of one service alone has a file below `services/`; `routine.ts` has the everyday changes, and `noise.ts` the records that
 * no control reads.
 */
import { globSync } from 'node:fs';
import path from 'node:path';
import type { AccountRegion } from '../../lib/core/account-region.ts';
import {
  ana,
  autoScaling,
  awsInternal,
  awsService,
  csiDriver,
  data,
  deploy,
  exContractor,
  externalAccount,
  kwaku,
  li,
  mateo,
  nikki,
  nodegroupRole,
  onBehalfOf,
  production,
  root,
  saanvi,
  sandbox,
  scheduler,
  staging,
  supplier,
  terraform,
  withinAws,
} from './cast.ts';
import * as ec2 from './ec2.ts';
import * as eks from './eks.ts';
import * as kms from './kms.ts';
import { Streams } from './random.ts';
import { type Act, type Caller, type Happening, happening, iso, type SampleCall } from './record.ts';

/** `02 09:14:20` is that time on October 2nd, in UTC. */
function october(when: string): number {
  const time = Date.parse(`2026-10-${when.replace(' ', 'T')}Z`);
  if (Number.isNaN(time)) throw new RangeError(`no time in October: ${when}`);
  return time;
}

const services = path.join(import.meta.dirname, 'services');

/** The parts of single services, file by file. */
const ofServices = await Promise.all(
  globSync('*.ts', { cwd: services })
    .toSorted()
    .map(async (file) => {
      const { tell }: { readonly tell: (add: Add) => void } = await import(`./services/${file}`);
      return tell;
    }),
);

/** Everything in the story, subject by subject. */
export function story(): readonly Happening[] {
  const streams = new Streams('story');
  const happenings: Happening[] = [];
  const add: Add = (when, where, caller, ...acts) => {
    acts.forEach((act, index) => {
      const time = october(when) + index * 3000;
      const random = streams.next(`${iso(time)} ${where.account} ${where.region}`);
      happenings.push(happening(time, where, caller, act, random));
    });
  };
  for (const subject of [
    defaultEncryption,
    theSandbox,
    theWebFleet,
    oldMachines,
    volumes,
    theMigration,
    launchTemplates,
    snapshots,
    clusters,
    keysAndTheirRotation,
    keysLostAndFound,
    keyPolicies,
    grants,
    importedMaterial,
    theExContractor,
    ...ofServices,
  ]) {
    subject(add);
  }
  return happenings;
}

/** Adds the records of a caller's calls, one every three seconds from `when` on. */
export type Add = (when: string, where: AccountRegion, caller: Caller, ...acts: readonly Act[]) => void;

/** The baseline: the Terraform pipeline enables encryption by default on the first working day. */
function defaultEncryption(add: Add): void {
  add('01 06:31:12', production.frankfurt, terraform, ec2.enableEbsEncryptionByDefault);
  add('01 06:31:40', production.virginia, terraform, ec2.enableEbsEncryptionByDefault);
  add('01 06:33:05', staging.frankfurt, terraform, ec2.enableEbsEncryptionByDefault);
  add('01 06:33:31', staging.virginia, terraform, ec2.enableEbsEncryptionByDefault);
  add('01 06:35:48', data.frankfurt, terraform, ec2.enableEbsEncryptionByDefault);
  // Production uses a customer managed key for its volumes; staging tries one, and returns to AWS's.
  add('05 08:12:30', production.frankfurt, terraform, ec2.modifyEbsDefaultKey(ebsKey));
  add(
    '06 08:20:11',
    staging.frankfurt,
    terraform,
    ec2.modifyEbsDefaultKey(kms.keyArn(staging.frankfurt, 'staging volumes')),
  );
  add('07 13:02:45', staging.frankfurt, ana.cli, ec2.resetEbsDefaultKey);
  // A developer disables it in the sandbox for an experiment. The security team enables it again in Frankfurt.
  add('08 15:40:09', sandbox.virginia, mateo.cli, ec2.disableEbsEncryptionByDefault);
  add('08 15:41:30', sandbox.frankfurt, mateo.cli, ec2.disableEbsEncryptionByDefault);
  add('22 09:05:17', sandbox.frankfurt, nikki.cli, ec2.enableEbsEncryptionByDefault);
}

const ebsKey = kms.keyArn(production.frankfurt, 'production volumes');

/** The sandbox account, with many failures. */
function theSandbox(add: Add): void {
  const { frankfurt, virginia } = sandbox;
  const plain = [{ device: '/dev/xvda', size: 30, encrypted: false }];
  const encrypted = [{ device: '/dev/xvda', size: 30, encrypted: true }];

  // A demo for a customer, deleted a week later.
  add(
    '02 09:14:20',
    frankfurt,
    mateo.cli,
    ec2.runInstances({ names: ['demo'], type: 't3.medium', disks: plain }),
  );
  add('09 16:02:51', frankfurt, mateo.cli, ec2.terminateInstances('demo'));

  // A load test: three instances, one of which is forgotten.
  const loadTest = ['load-test-1', 'load-test-2', 'load-test-3'];
  add(
    '06 10:22:08',
    frankfurt,
    mateo.cli,
    ec2.runInstances({ names: loadTest, type: 't3.large', disks: encrypted }),
  );
  add('08 17:45:33', frankfurt, mateo.cli, ec2.terminateInstances('load-test-1', 'load-test-2'));

  // Li's notebook instance changes from m5 to m6i, and its traffic is encrypted from then on.
  add('07 07:58:40', virginia, li.console, ec2.runInstances({ names: ['notebook'], type: 'm5.xlarge' }));
  add('14 11:10:02', virginia, li.cli, ec2.stopInstances('notebook'));
  add('14 11:14:27', virginia, li.cli, ec2.changeInstanceType('notebook', 'm6i.xlarge'));
  add('14 11:15:03', virginia, li.cli, ec2.startInstances('notebook'));

  // Root signs in to check a quota, and leaves an instance behind.
  add('13 20:22:48', virginia, root, rootSignsIn);
  add('13 20:31:16', virginia, root, ec2.runInstances({ names: ['quota-check'], type: 't2.micro' }));

  // Compliant instances.
  add(
    '12 08:47:55',
    frankfurt,
    mateo.cli,
    ec2.runInstances({ names: ['build-cache'], type: 'c6i.large', disks: encrypted }),
  );
  add(
    '15 09:31:42',
    frankfurt,
    li.cli,
    ec2.runInstances({ names: ['spark-trial'], type: 'r6i.xlarge', disks: encrypted }),
  );
  add('20 13:05:28', frankfurt, li.cli, ec2.terminateInstances('spark-trial'));
  add('23 10:11:09', frankfurt, mateo.cli, ec2.runInstances({ names: ['arm-port'], type: 't4g.small' }));
  // A type so new that the snapshot of types does not hold it.
  add('27 12:20:31', frankfurt, mateo.cli, ec2.runInstances({ names: ['new-family'], type: 'm9i.large' }));
  add(
    '19 14:40:10',
    virginia,
    mateo.console,
    ec2.runInstances({ names: ['workshop'], type: 't3.small', disks: plain }),
  );
  add('19 18:05:10', virginia, mateo.console, ec2.terminateInstances('workshop'));
}

const rootSignsIn: Act = () => ({
  service: 'signin',
  name: 'ConsoleLogin',
  readOnly: false,
  request: null,
  response: { ConsoleLogin: 'Success' },
  additional: {
    LoginTo: 'https://console.aws.amazon.com/console/home',
    MobileVersion: 'No',
    MFAUsed: 'Yes',
  },
  signIn: true,
});

/** The web fleet in production moves from m5 to m6i by a new version of its template. */
function theWebFleet(add: Add): void {
  const here = production.frankfurt;
  add(
    '05 08:15:44',
    here,
    terraform,
    ec2.createLaunchTemplate('web', { type: 'm5.large', encrypted: true, size: 40 }),
  );
  const asg = { 'aws:autoscaling:groupName': 'web' };
  const old = ['web-m5-1', 'web-m5-2', 'web-m5-3'];
  old.forEach((name, index) => {
    add(
      `05 08:${17 + index}:05`,
      here,
      autoScaling,
      ec2.runInstances({ names: [name], type: 'm5.large', template: ['web', '1'], tags: asg }),
    );
  });
  add(
    '12 09:02:13',
    here,
    terraform,
    ec2.createLaunchTemplateVersion('web', 2, { type: 'm6i.large', encrypted: true, size: 40 }),
  );
  add('12 09:02:20', here, terraform, ec2.setDefaultVersion('web', 2));
  // The instance refresh, one by one.
  old.forEach((name, index) => {
    add(
      `12 09:${10 + index * 8}:31`,
      here,
      autoScaling,
      ec2.runInstances({
        names: [`web-m6i-${index + 1}`],
        type: 'm6i.large',
        template: ['web', '2'],
        tags: asg,
      }),
    );
    add(`12 09:${15 + index * 8}:12`, here, autoScaling, ec2.terminateInstances(name));
  });
}

/** Instances older than the trail, whose types are unknown. */
function oldMachines(add: Add): void {
  add('05 06:44:50', production.frankfurt, kwaku.cli, ec2.startInstances('legacy-erp'));
  add('13 05:30:00', production.frankfurt, kwaku.cli, ec2.stopInstances('legacy-erp'));
  add('13 05:36:12', production.frankfurt, kwaku.cli, ec2.changeInstanceType('legacy-erp', 'r6i.2xlarge'));
  add('13 05:36:58', production.frankfurt, kwaku.cli, ec2.startInstances('legacy-erp'));
  // The scheduler starts and stops the business intelligence instances on working days.
  for (let day = 1; day <= 30; day += 1) {
    if (!isWorkday(day)) continue;
    const date = String(day).padStart(2, '0');
    add(`${date} 05:00:04`, staging.frankfurt, scheduler, ec2.startInstances('bi-reports', 'bi-loader'));
    add(`${date} 18:00:06`, staging.frankfurt, scheduler, ec2.stopInstances('bi-reports', 'bi-loader'));
  }
  add('08 11:20:37', staging.frankfurt, saanvi.console, ec2.protectFromTermination('jump-host'));
  add('14 10:01:09', data.frankfurt, li.cli, ec2.startInstances('old-airflow'));
  add('16 15:30:45', data.frankfurt, li.cli, ec2.terminateInstances('old-airflow'));
}

/** Whether the day of October 2026 is a weekday; the 1st was a Thursday. */
export function isWorkday(day: number): boolean {
  return ![3, 4].includes(day % 7);
}

/** Volumes created manually, where nothing enforces their encryption. */
function volumes(add: Add): void {
  const { ireland } = data;
  add(
    '02 13:20:15',
    ireland,
    li.cli,
    ec2.createVolume('scratch', { size: 500, zone: 'a', encrypted: false }),
  );
  add(
    '02 13:24:02',
    ireland,
    li.cli,
    ec2.createVolume('staging area', { size: 1000, zone: 'a', asked: false, encrypted: false }),
  );
  add('12 08:03:44', ireland, li.cli, ec2.deleteVolume('scratch'));
  add(
    '15 14:12:39',
    ireland,
    li.cli,
    ec2.createVolume('exports', { size: 250, zone: 'b', asked: true, encrypted: true }),
  );
  add(
    '20 09:48:21',
    sandbox.frankfurt,
    mateo.console,
    ec2.createVolume('iso images', { size: 80, zone: 'a', encrypted: false }),
  );
  add('20 10:15:36', sandbox.frankfurt, mateo.console, ec2.deleteVolume('iso images'));
  // The request asks for no encryption; encryption by default encrypts it nevertheless.
  add(
    '21 12:31:00',
    data.frankfurt,
    li.boto3,
    ec2.createVolume('reindex', { size: 300, zone: 'c', asked: false, encrypted: true }),
  );
  // Volumes that pods claim, with a customer managed key, and EC2's use of the key on the driver's behalf.
  for (const [when, name] of [
    ['06 10:02:11', 'pvc-orders'],
    ['09 13:47:29', 'pvc-payments'],
    ['14 08:30:51', 'pvc-ledger'],
    ['20 15:12:05', 'pvc-search'],
    ['27 09:26:40', 'pvc-metrics'],
  ] as const) {
    const volume = ec2.volumeId(name);
    add(
      when,
      production.frankfurt,
      csiDriver,
      ec2.createVolume(name, { size: 100, zone: 'a', asked: true, encrypted: true, key: ebsKey }),
    );
    add(when, production.frankfurt, onBehalfOf(csiDriver, 'ec2.amazonaws.com'), dataKeyFor(volume));
    add(
      when.replace(/:\d\d$/, ':58'),
      production.frankfurt,
      onBehalfOf(csiDriver, 'ec2.amazonaws.com'),
      kms.createGrant('production volumes', name, {
        to: ({ account }) =>
          `arn:aws:sts::${account}:assumed-role/aws:ec2-infrastructure/${ec2.instanceId('web-m6i-1')}`,
        operations: ['Decrypt'],
        context: { 'aws:ebs:id': volume },
      }),
    );
  }
  add('22 07:02:18', production.frankfurt, csiDriver, ec2.deleteVolume('pvc-search'));
}

function dataKeyFor(volume: string): Act {
  return (moment) => ({
    service: 'kms',
    name: 'GenerateDataKeyWithoutPlaintext',
    readOnly: true,
    request: { encryptionContext: { 'aws:ebs:id': volume }, keyId: ebsKey, numberOfBytes: 64 },
    response: null,
    resources: [{ accountId: moment.account, type: 'AWS::KMS::Key', ARN: ebsKey }],
  });
}

/** Encryption by default is disabled for an hour during a migration; the resources created then stay for a day. */
function theMigration(add: Add): void {
  const here = staging.virginia;
  add('20 13:04:30', here, kwaku.cli, ec2.disableEbsEncryptionByDefault);
  add(
    '20 13:11:18',
    here,
    kwaku.cli,
    ec2.runInstances({
      names: ['migration-helper'],
      type: 'm6i.4xlarge',
      disks: [{ device: '/dev/xvda', size: 50, encrypted: false }],
    }),
  );
  add(
    '20 13:16:07',
    here,
    kwaku.cli,
    ec2.createVolume('db-dump-1', { size: 2000, zone: 'b', encrypted: false }),
    ec2.attachVolume('db-dump-1', 'migration-helper', '/dev/sdf'),
  );
  add(
    '20 13:21:52',
    here,
    kwaku.cli,
    ec2.createVolume('db-dump-2', { size: 2000, zone: 'b', encrypted: false }),
  );
  add('20 14:09:02', here, kwaku.cli, ec2.enableEbsEncryptionByDefault);
  add('21 08:40:13', here, kwaku.cli, ec2.terminateInstances('migration-helper'));
  add('21 08:47:55', here, kwaku.cli, ec2.deleteVolume('db-dump-1'));
  add(
    '26 10:12:41',
    here,
    kwaku.cli,
    ec2.createVolume('db-archive', { size: 2000, zone: 'b', encrypted: true }),
  );
}

/** Launch templates: one that fails and is open, one that failed and is deleted, and compliant ones. */
function launchTemplates(add: Add): void {
  add(
    '07 12:33:20',
    data.ireland,
    li.boto3,
    ec2.createLaunchTemplate('spark-worker', { type: 'r5.2xlarge', encrypted: false, size: 200 }),
  );
  add(
    '08 12:01:33',
    data.ireland,
    autoScaling,
    ec2.runInstances({
      names: ['spark-worker-1', 'spark-worker-2'],
      type: 'r5.2xlarge',
      template: ['spark-worker', '1'],
      tags: { 'aws:autoscaling:groupName': 'spark' },
    }),
  );
  add('16 19:02:10', data.ireland, autoScaling, ec2.terminateInstances('spark-worker-2'));
  add(
    '09 09:15:37',
    sandbox.frankfurt,
    mateo.cli,
    ec2.createLaunchTemplate('quickstart', { type: 't3.micro' }),
  );
  add('21 16:42:08', sandbox.frankfurt, mateo.cli, ec2.deleteLaunchTemplate('quickstart'));
  add(
    '13 10:20:19',
    staging.frankfurt,
    terraform,
    ec2.createLaunchTemplate('web', { type: 'm6i.large', encrypted: true, size: 40 }),
  );
  add(
    '13 10:22:40',
    production.frankfurt,
    terraform,
    ec2.createLaunchTemplate('workers', { type: 'c6i.xlarge', encrypted: true, size: 60 }),
  );
  add(
    '15 10:25:51',
    data.frankfurt,
    terraform,
    ec2.createLaunchTemplate('eks-analytics', { type: 'r6i.xlarge', encrypted: true, size: 100 }),
  );
}

/** Snapshots, and the accounts they are shared with. */
function snapshots(add: Add): void {
  const here = production.frankfurt;
  // Public for forty minutes: the setting was meant for another image.
  add('15 09:40:05', here, ana.cli, ec2.createSnapshot('release-image', 'pvc-orders', false, 40));
  add('16 10:02:33', here, ana.console, ec2.shareSnapshot('release-image', 'all'));
  add('16 10:42:57', here, nikki.cli, ec2.unshareSnapshot('release-image', 'all'));
  // Shared within the organization, but the policy does not list production's account yet.
  add('09 08:05:12', staging.frankfurt, deploy, ec2.createSnapshot('golden-image-41', 'golden', true, 20));
  add('09 08:14:50', staging.frankfurt, deploy, ec2.shareSnapshot('golden-image-41', production.account));
  add('23 08:06:34', staging.frankfurt, deploy, ec2.createSnapshot('golden-image-42', 'golden', true, 20));
  add('23 08:15:29', staging.frankfurt, deploy, ec2.shareSnapshot('golden-image-42', production.account));
  add('23 09:30:11', staging.frankfurt, deploy, ec2.resetSnapshotSharing('golden-image-41'));
  // Shared with a supplier for a test, and deleted afterwards.
  add(
    '06 14:22:47',
    sandbox.frankfurt,
    mateo.console,
    ec2.createSnapshot('test-set', 'iso images', false, 80),
  );
  add('06 14:31:03', sandbox.frankfurt, mateo.console, ec2.shareSnapshot('test-set', supplier));
  add('14 12:58:40', sandbox.frankfurt, mateo.console, ec2.deleteSnapshot('test-set'));
  // Sharing older than the trail is reset.
  add('19 11:07:26', data.frankfurt, nikki.cli, ec2.resetSnapshotSharing('archive-2025'));
}

/** Clusters that get secrets encryption, private endpoints and audit logs. */
function clusters(add: Add): void {
  const everywhere = { private: true, public: ['0.0.0.0/0'] };
  const secretsKey = (accountRegion: AccountRegion): string => kms.keyArn(accountRegion, 'cluster secrets');

  // Staging's shop is created at 1.26 from an old definition, and updated to 1.28 version by version.
  add(
    '02 08:30:19',
    staging.frankfurt,
    terraform,
    eks.createCluster('shop', { version: '1.26', endpoint: everywhere }),
  );
  add(
    '02 08:52:40',
    staging.frankfurt,
    terraform,
    eks.createNodegroup('shop', 'general-t3', { types: ['t3.large'], size: 2 }),
  );
  const nodes = ['shop-t3-1', 'shop-t3-2'];
  const tags = { 'eks:cluster-name': 'shop', 'eks:nodegroup-name': 'general-t3' };
  add(
    '02 08:54:13',
    staging.frankfurt,
    autoScaling,
    ec2.runInstances({ names: nodes, type: 't3.large', tags, disks: [{ device: '/dev/xvda', size: 20 }] }),
  );
  add(
    '06 09:10:44',
    staging.frankfurt,
    terraform,
    eks.updateEndpoint('shop', { private: true, public: ['203.0.113.0/24'] }),
  );
  add('07 07:15:02', staging.frankfurt, terraform, eks.updateClusterVersion('shop', '1.27'));
  add('14 07:18:31', staging.frankfurt, terraform, eks.updateClusterVersion('shop', '1.28'));
  add(
    '14 08:40:55',
    staging.frankfurt,
    terraform,
    eks.createNodegroup('shop', 'general-m6i', { types: ['m6i.large'], size: 2 }),
  );
  add(
    '14 08:43:20',
    staging.frankfurt,
    autoScaling,
    ec2.runInstances({
      names: ['shop-m6i-1', 'shop-m6i-2'],
      type: 'm6i.large',
      tags: { 'eks:cluster-name': 'shop', 'eks:nodegroup-name': 'general-m6i' },
      disks: [{ device: '/dev/xvda', size: 20 }],
    }),
  );
  add('14 10:05:37', staging.frankfurt, terraform, eks.deleteNodegroup('shop', 'general-t3'));
  add('14 10:11:08', staging.frankfurt, nodegroupRole, ec2.terminateInstances(...nodes));
  add(
    '15 09:33:26',
    staging.frankfurt,
    saanvi.cli,
    eks.updateLogging('shop', ['api', 'audit', 'authenticator']),
  );
  add('16 12:00:48', staging.frankfurt, terraform, eks.updateEndpoint('shop', { private: true, public: [] }));

  // Production's cluster `ledger` gets a customer managed key for its secrets.
  add(
    '05 09:05:30',
    production.frankfurt,
    terraform,
    eks.createCluster('ledger', { version: '1.27', endpoint: everywhere, logs: ['audit', 'authenticator'] }),
  );
  add(
    '05 09:20:01',
    production.frankfurt,
    terraform,
    eks.createNodegroup('ledger', 'general', { types: ['m6i.xlarge', 'm6a.xlarge'], size: 3 }),
  );
  add(
    '08 13:31:15',
    production.frankfurt,
    ana.cli,
    eks.updateEndpoint('ledger', { private: true, public: [] }),
  );
  add(
    '09 07:45:22',
    production.frankfurt,
    ana.cli,
    eks.associateEncryptionConfig('ledger', secretsKey(production.frankfurt)),
  );

  // The cluster `playground` has eksctl's defaults, and is deleted after two weeks.
  add('06 12:10:39', sandbox.frankfurt, mateo.eksctl, eks.createCluster('playground', { version: '1.27' }));
  add(
    '06 12:24:14',
    sandbox.frankfurt,
    mateo.eksctl,
    eks.createNodegroup('playground', 'ng-1', { types: ['t3.medium'], size: 2 }),
  );
  add('20 15:50:02', sandbox.frankfurt, mateo.eksctl, eks.deleteNodegroup('playground', 'ng-1'));
  add('20 15:58:47', sandbox.frankfurt, mateo.eksctl, eks.deleteCluster('playground'));
  // Its successor stays public.
  add('26 13:09:20', sandbox.frankfurt, mateo.eksctl, eks.createCluster('playground-2', { version: '1.33' }));
  add(
    '26 13:22:57',
    sandbox.frankfurt,
    mateo.eksctl,
    eks.createNodegroup('playground-2', 'ng-1', { size: 1 }),
  );

  // The data platform's cluster is compliant from the start.
  add(
    '15 10:30:08',
    data.frankfurt,
    terraform,
    eks.createCluster('analytics', {
      version: '1.33',
      endpoint: { private: true, public: [] },
      logs: ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'],
      secretsKey: secretsKey(data.frankfurt),
    }),
  );
  add(
    '15 10:45:26',
    data.frankfurt,
    terraform,
    eks.createNodegroup('analytics', 'spark', { template: ['eks-analytics', '1'], size: 4 }),
  );
  add(
    '16 08:12:11',
    data.frankfurt,
    terraform,
    eks.createNodegroup('analytics', 'system', { types: ['m7i.large'], size: 2 }),
  );

  // A cluster older than the trail, which knows only what was changed.
  add('13 06:20:34', data.ireland, saanvi.cli, eks.updateClusterVersion('legacy-batch', '1.27'));
  add('13 07:41:50', data.ireland, saanvi.cli, eks.updateNodegroupVersion('legacy-batch', 'workers', '1.27'));
  add('27 14:25:13', data.ireland, saanvi.cli, eks.updateLogging('legacy-batch', ['api']));
}

/** New keys, and when their rotation is enabled. */
function keysAndTheirRotation(add: Add): void {
  const here = production.frankfurt;
  add(
    '05 08:10:02',
    here,
    terraform,
    kms.createKey('production volumes', { description: 'EBS volumes, production', policy: kms.policies.own }),
    kms.createAlias('production/ebs', 'production volumes'),
  );
  add(
    '05 08:10:55',
    here,
    terraform,
    kms.createKey('cluster secrets', { description: 'EKS secrets, production', policy: kms.policies.own }),
    kms.createAlias('production/eks', 'cluster secrets'),
  );
  add(
    '05 08:11:29',
    here,
    terraform,
    kms.createKey('invoices', {
      description: 'Invoice archive',
      policy: kms.policies.withRole('invoice-archive'),
    }),
    kms.createAlias('production/invoices', 'invoices'),
  );
  // The module lacked enable_key_rotation; review found it three days later.
  add(
    '08 12:40:17',
    here,
    terraform,
    kms.enableKeyRotation('production volumes'),
    kms.enableKeyRotation('cluster secrets'),
    kms.enableKeyRotation('invoices'),
  );

  // With the module fixed, rotation is enabled within seconds.
  add(
    '13 10:24:05',
    staging.frankfurt,
    terraform,
    kms.createKey('staging cluster secrets', {
      description: 'EKS secrets, staging',
      policy: kms.policies.own,
    }),
    kms.createAlias('staging/eks', 'staging cluster secrets'),
    kms.enableKeyRotation('staging cluster secrets'),
  );
  add(
    '15 10:28:30',
    data.frankfurt,
    terraform,
    kms.createKey('cluster secrets', { description: 'EKS secrets, data platform', policy: kms.policies.own }),
    kms.createAlias('data/eks', 'cluster secrets'),
    kms.enableKeyRotation('cluster secrets'),
  );
  add(
    '06 08:18:22',
    staging.frankfurt,
    terraform,
    kms.createKey('staging volumes', { description: 'EBS volumes, staging', policy: kms.policies.own }),
    kms.enableKeyRotation('staging volumes'),
  );

  // Keys that KMS does not rotate.
  add(
    '12 09:40:48',
    here,
    ana.cli,
    kms.createKey('release signing', {
      description: 'Signs releases',
      spec: 'ECC_NIST_P256',
      policy: kms.policies.own,
    }),
  );
  add(
    '19 13:37:04',
    here,
    ana.cli,
    kms.createKey('document signing', {
      description: 'Signs documents',
      spec: 'RSA_2048',
      policy: kms.policies.own,
    }),
  );

  // The sandbox key has no rotation; the data lake's is disabled for a comparison, and stays so.
  add('07 15:03:38', sandbox.frankfurt, mateo.console, kms.createKey('try-out', { description: 'try-out' }));
  add('20 08:51:10', data.frankfurt, li.cli, kms.disableKeyRotation('data lake'));
  add('18 03:12:40', here, awsInternal, kms.rotateKey('customer records'));
}

/** Keys scheduled for deletion or disabled, in error and on purpose. */
function keysLostAndFound(add: Add): void {
  const here = production.frankfurt;
  // A terraform destroy in the wrong workspace; noticed the next morning when the archive could not be read.
  add('19 16:20:44', here, terraform, kms.scheduleKeyDeletion('invoices', 30));
  add('20 07:12:09', here, saanvi.cli, kms.cancelKeyDeletion('invoices'));
  add('20 07:31:52', here, saanvi.cli, kms.enableKey('invoices'));
  // On purpose, to the end.
  add('06 11:30:27', staging.frankfurt, ana.cli, kms.disableKey('old shop'));
  add('07 11:34:50', staging.frankfurt, ana.cli, kms.scheduleKeyDeletion('old shop', 7));
  add('15 06:02:33', staging.frankfurt, awsInternal, kms.deleteKey('old shop'));
  // Pending deletion at the end of the month.
  add('27 15:44:36', sandbox.frankfurt, mateo.console, kms.scheduleKeyDeletion('try-out', 30));
  // Disabled for a drill in office hours.
  add('21 09:00:12', data.frankfurt, nikki.cli, kms.disableKey('data lake exports'));
  add('21 10:25:40', data.frankfurt, nikki.cli, kms.enableKey('data lake exports'));
  add('22 14:18:03', sandbox.frankfurt, nikki.cli, kms.disableKey('unclaimed'));
}

/** Key policies that are opened, and fixed. */
function keyPolicies(add: Add): void {
  // Open to everyone for two hours, because a pipeline failed.
  add('08 11:05:29', data.frankfurt, li.console, kms.putKeyPolicy('data lake', kms.policies.open));
  add(
    '08 13:12:44',
    data.frankfurt,
    nikki.cli,
    kms.putKeyPolicy('data lake', kms.policies.withRole('lake-pipeline')),
  );
  // Everyone, but confined by kms:CallerAccount: compliant.
  add(
    '12 14:30:15',
    production.frankfurt,
    kwaku.cli,
    kms.createKey('databases', { description: 'RDS storage', policy: kms.policies.confined }),
    kms.enableKeyRotation('databases'),
  );
  // An application's policy that leaves nobody to administer the key; the missing statement is added a day later.
  add(
    '22 09:51:37',
    staging.frankfurt,
    deploy,
    kms.putKeyPolicy('staging volumes', kms.policies.withoutAdministrators('shop-app')),
  );
  add(
    '23 07:40:18',
    staging.frankfurt,
    deploy,
    kms.putKeyPolicy('staging volumes', kms.policies.withRole('shop-app')),
  );
  add(
    '16 13:20:02',
    production.frankfurt,
    ana.cli,
    kms.putKeyPolicy('invoices', kms.policies.withRole('invoice-archive')),
  );
  // A supplier's account, agreed orally.
  add(
    '28 10:33:51',
    production.frankfurt,
    kwaku.console,
    kms.putKeyPolicy('customer records', kms.policies.withAccount(supplier, 'Support by supplier')),
  );
}

/** Grants: principals that may use a key without being in its policy. */
function grants(add: Add): void {
  const decrypt = ['Decrypt', 'DescribeKey'];
  // To a supplier's backup, and revoked later.
  add(
    '14 09:12:30',
    production.frankfurt,
    kwaku.cli,
    kms.createGrant('databases', 'supplier backup', {
      to: () => `arn:aws:iam::${supplier}:role/backup-agent`,
      operations: [...decrypt, 'CreateGrant'],
    }),
  );
  add('15 08:20:06', production.frankfurt, nikki.cli, kms.revokeGrant('databases', 'supplier backup'));
  // To the organization's own services.
  add(
    '12 09:05:10',
    production.frankfurt,
    terraform,
    kms.createGrant('production volumes', 'auto scaling', {
      to: ({ account }) =>
        `arn:aws:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
      operations: [
        'Encrypt',
        'Decrypt',
        'ReEncryptFrom',
        'ReEncryptTo',
        'GenerateDataKey',
        'GenerateDataKeyWithoutPlaintext',
        'DescribeKey',
        'CreateGrant',
      ],
    }),
  );
  for (const [index, when] of ['13 08:02:40', '19 11:43:09', '26 13:20:35'].entries()) {
    const name = `rds ${index}`;
    add(
      when,
      production.frankfurt,
      onBehalfOf(kwaku.cli, 'rds.amazonaws.com'),
      kms.createGrant('databases', name, {
        to: () => 'rds.amazonaws.com',
        operations: ['Encrypt', 'Decrypt', 'GenerateDataKey', 'CreateGrant', 'RetireGrant', 'DescribeKey'],
        retiredBy: () => 'rds.amazonaws.com',
        context: { 'aws:rds:db-id': `db-${name.replace(' ', '-').toUpperCase()}EXAMPLE` },
      }),
    );
    if (index === 0)
      add(
        '20 04:11:11',
        production.frankfurt,
        awsService('rds.amazonaws.com'),
        kms.retireGrant('databases', name),
      );
  }
}

/** Imported key material. */
function importedMaterial(add: Add): void {
  const { frankfurt, ireland } = data;
  add(
    '02 09:02:10',
    frankfurt,
    nikki.cli,
    kms.createKey('regulator', {
      description: 'Regulated data, own material',
      origin: 'EXTERNAL',
      policy: kms.policies.own,
    }),
    kms.getParametersForImport('regulator'),
  );
  add('02 09:20:35', frankfurt, nikki.cli, kms.importKeyMaterial('regulator'));
  add('19 08:14:02', frankfurt, nikki.cli, kms.deleteImportedKeyMaterial('regulator'));
  add(
    '20 09:41:27',
    frankfurt,
    nikki.cli,
    kms.getParametersForImport('regulator'),
    kms.importKeyMaterial('regulator'),
  );
  // Material that expires unnoticed.
  add(
    '05 09:12:16',
    ireland,
    nikki.cli,
    kms.createKey('partner exchange', {
      description: 'Partner exchange, own material',
      origin: 'EXTERNAL',
      policy: kms.policies.own,
    }),
    kms.importKeyMaterial('partner exchange', 20),
  );
  add('25 09:12:21', ireland, awsInternal, kms.deleteExpiredKeyMaterial('partner exchange'));
}

/** The ex-contractor's access key is used in the night to Saturday. All these findings are still open. */
function theExContractor(add: Add): void {
  const here = data.frankfurt;
  add(
    '24 01:52:04',
    data.virginia,
    exContractor,
    denied('iam', 'ListUsers', 'is not authorized to perform: iam:ListUsers'),
  );
  add(
    '24 01:58:47',
    here,
    exContractor,
    refused(
      'ModifySnapshotAttribute',
      {
        snapshotId: ec2.snapshotId('lake-nightly'),
        createVolumePermission: { add: { items: [{ group: 'all' }] } },
        attributeType: 'CREATE_VOLUME_PERMISSION',
      },
      'Client.OperationNotPermitted',
      'Encrypted snapshots with EBS default key cannot be shared',
    ),
  );
  add('24 02:06:19', here, exContractor, ec2.createSnapshot('lake-copy', 'reindex', true, 300));
  add(
    '24 02:14:38',
    here,
    exContractor,
    ec2.shareSnapshot('lake-copy', externalAccount),
    ec2.shareSnapshot('lake-nightly', externalAccount),
  );
  add(
    '24 02:19:55',
    here,
    exContractor,
    kms.createGrant('data lake', 'stranger', {
      to: () => `arn:aws:iam::${externalAccount}:root`,
      operations: ['Decrypt', 'DescribeKey', 'CreateGrant', 'ReEncryptFrom'],
    }),
  );
  add(
    '24 02:23:10',
    here,
    exContractor,
    kms.putKeyPolicy(
      'data lake exports',
      kms.policies.withAccount(externalAccount, 'Allow external account'),
    ),
  );
  add('24 02:41:09', here, withinAws('ec2.amazonaws.com'), ec2.sharedSnapshotVolumeCreated('lake-copy'));
  add(
    '24 02:47:31',
    here,
    exContractor,
    denied('kms', 'ScheduleKeyDeletion', 'is not authorized to perform: kms:ScheduleKeyDeletion'),
  );
}

/** A call that EC2 refused, with its request. */
function refused(name: string, request: SampleCall['request'], code: string, message: string): Act {
  return () => ({ service: 'ec2', name, readOnly: false, request, response: null, error: { code, message } });
}

/** A call that was not permitted; most services then log no request. */
function denied(service: string, name: string, message: string): Act {
  return ({ account }) => ({
    service,
    name,
    readOnly: name.startsWith('List'),
    request: null,
    response: null,
    error: {
      code: 'AccessDenied',
      message: `User: arn:aws:iam::${account}:user/contractors/richard.roe ${message} because no identity-based policy allows it`,
    },
  });
}
