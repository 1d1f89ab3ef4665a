/**
 * October 2026 in the example organization, told in the order of its subjects: who did what, where and when.
 * This is the part of the sample that the controls evaluate; `routine.ts` has the everyday changes beside it and
 * `noise.ts` all that is neither.
 */
import {
  ana,
  autoScaling,
  awsInternal,
  awsService,
  csiDriver,
  data,
  deploy,
  exContractor,
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
  stranger,
  supplier,
  terraform,
  withinAws,
} from './cast.ts';
import * as ec2 from './ec2.ts';
import * as eks from './eks.ts';
import * as kms from './kms.ts';
import { Streams } from './random.ts';
import { type Act, type Caller, type Deed, type Happening, happening, iso, type Place } from './record.ts';

/** `02 09:14:20` is that time on October 2nd, in UTC. */
function october(when: string): number {
  const time = Date.parse(`2026-10-${when.replace(' ', 'T')}Z`);
  if (Number.isNaN(time)) throw new RangeError(`no time in October: ${when}`);
  return time;
}

/** Everything in the story, subject by subject. */
export function story(): readonly Happening[] {
  const streams = new Streams('story');
  const told: Happening[] = [];
  const tell: Tell = (when, where, who, ...acts) => {
    acts.forEach((act, index) => {
      const time = october(when) + index * 3000;
      const random = streams.next(`${iso(time)} ${where.account} ${where.region}`);
      told.push(happening(time, where, who, act, random));
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
  ]) {
    subject(tell);
  }
  return told;
}

/** Says when, where and by whom acts were done, one every three seconds. */
type Tell = (when: string, where: Place, who: Caller, ...acts: readonly Act[]) => void;

/** The baseline: encryption by default, switched on by the pipeline on the first working day. */
function defaultEncryption(tell: Tell): void {
  tell('01 06:31:12', production.frankfurt, terraform, ec2.enableEbsEncryptionByDefault);
  tell('01 06:31:40', production.virginia, terraform, ec2.enableEbsEncryptionByDefault);
  tell('01 06:33:05', staging.frankfurt, terraform, ec2.enableEbsEncryptionByDefault);
  tell('01 06:33:31', staging.virginia, terraform, ec2.enableEbsEncryptionByDefault);
  tell('01 06:35:48', data.frankfurt, terraform, ec2.enableEbsEncryptionByDefault);
  // Production gets a key of its own for its volumes; staging tries one, and goes back to AWS's.
  tell('05 08:12:30', production.frankfurt, terraform, ec2.modifyEbsDefaultKey(ebsKey));
  tell(
    '06 08:20:11',
    staging.frankfurt,
    terraform,
    ec2.modifyEbsDefaultKey(kms.keyArn(staging.frankfurt, 'staging volumes')),
  );
  tell('07 13:02:45', staging.frankfurt, ana.cli, ec2.resetEbsDefaultKey);
  // In the sandbox somebody wants a quick experiment with an unencrypted image. Frankfurt is put right by security.
  tell('08 15:40:09', sandbox.virginia, mateo.cli, ec2.disableEbsEncryptionByDefault);
  tell('08 15:41:30', sandbox.frankfurt, mateo.cli, ec2.disableEbsEncryptionByDefault);
  tell('22 09:05:17', sandbox.frankfurt, nikki.cli, ec2.enableEbsEncryptionByDefault);
}

const ebsKey = kms.keyArn(production.frankfurt, 'production volumes');

/** A playground, and it looks like one. */
function theSandbox(tell: Tell): void {
  const { frankfurt, virginia } = sandbox;
  const plain = [{ device: '/dev/xvda', size: 30, encrypted: false }];
  const encrypted = [{ device: '/dev/xvda', size: 30, encrypted: true }];

  // A demo for a customer, gone a week later.
  tell(
    '02 09:14:20',
    frankfurt,
    mateo.cli,
    ec2.runInstances({ names: ['demo'], type: 't3.medium', disks: plain }),
  );
  tell('09 16:02:51', frankfurt, mateo.cli, ec2.terminateInstances('demo'));

  // A load test: three machines, of which one is forgotten.
  const loadTest = ['load-test-1', 'load-test-2', 'load-test-3'];
  tell(
    '06 10:22:08',
    frankfurt,
    mateo.cli,
    ec2.runInstances({ names: loadTest, type: 't3.large', disks: encrypted }),
  );
  tell('08 17:45:33', frankfurt, mateo.cli, ec2.terminateInstances('load-test-1', 'load-test-2'));

  // Li's notebook grows from m5 to m6i, and her traffic is encrypted from then on.
  tell('07 07:58:40', virginia, li.console, ec2.runInstances({ names: ['notebook'], type: 'm5.xlarge' }));
  tell('14 11:10:02', virginia, li.cli, ec2.stopInstances('notebook'));
  tell('14 11:14:27', virginia, li.cli, ec2.changeInstanceType('notebook', 'm6i.xlarge'));
  tell('14 11:15:03', virginia, li.cli, ec2.startInstances('notebook'));

  // Root signs in to look at a quota, and leaves a machine behind.
  tell('13 20:22:48', virginia, root, rootSignsIn);
  tell('13 20:31:16', virginia, root, ec2.runInstances({ names: ['quota-check'], type: 't2.micro' }));

  // Some have read the guidelines.
  tell(
    '12 08:47:55',
    frankfurt,
    mateo.cli,
    ec2.runInstances({ names: ['build-cache'], type: 'c6i.large', disks: encrypted }),
  );
  tell(
    '15 09:31:42',
    frankfurt,
    li.cli,
    ec2.runInstances({ names: ['spark-trial'], type: 'r6i.xlarge', disks: encrypted }),
  );
  tell('20 13:05:28', frankfurt, li.cli, ec2.terminateInstances('spark-trial'));
  tell('23 10:11:09', frankfurt, mateo.cli, ec2.runInstances({ names: ['arm-port'], type: 't4g.small' }));
  // A type so new that the snapshot of types does not hold it.
  tell('27 12:20:31', frankfurt, mateo.cli, ec2.runInstances({ names: ['new-family'], type: 'm9i.large' }));
  tell(
    '19 14:40:10',
    virginia,
    mateo.console,
    ec2.runInstances({ names: ['workshop'], type: 't3.small', disks: plain }),
  );
  tell('19 18:05:10', virginia, mateo.console, ec2.terminateInstances('workshop'));
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
function theWebFleet(tell: Tell): void {
  const here = production.frankfurt;
  tell(
    '05 08:15:44',
    here,
    terraform,
    ec2.createLaunchTemplate('web', { type: 'm5.large', encrypted: true, size: 40 }),
  );
  const asg = { 'aws:autoscaling:groupName': 'web' };
  const old = ['web-m5-1', 'web-m5-2', 'web-m5-3'];
  old.forEach((name, index) => {
    tell(
      `05 08:${17 + index}:05`,
      here,
      autoScaling,
      ec2.runInstances({ names: [name], type: 'm5.large', template: ['web', '1'], tags: asg }),
    );
  });
  tell(
    '12 09:02:13',
    here,
    terraform,
    ec2.createLaunchTemplateVersion('web', 2, { type: 'm6i.large', encrypted: true, size: 40 }),
  );
  tell('12 09:02:20', here, terraform, ec2.setDefaultVersion('web', 2));
  // The instance refresh, one by one.
  old.forEach((name, index) => {
    tell(
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
    tell(`12 09:${15 + index * 8}:12`, here, autoScaling, ec2.terminateInstances(name));
  });
}

/** Machines older than the trail, of which it cannot tell what they are. */
function oldMachines(tell: Tell): void {
  tell('05 06:44:50', production.frankfurt, kwaku.cli, ec2.startInstances('legacy-erp'));
  tell('13 05:30:00', production.frankfurt, kwaku.cli, ec2.stopInstances('legacy-erp'));
  tell('13 05:36:12', production.frankfurt, kwaku.cli, ec2.changeInstanceType('legacy-erp', 'r6i.2xlarge'));
  tell('13 05:36:58', production.frankfurt, kwaku.cli, ec2.startInstances('legacy-erp'));
  // The scheduler wakes business intelligence on working days and puts it to sleep.
  for (let day = 1; day <= 30; day += 1) {
    if (!isWorkday(day)) continue;
    const date = String(day).padStart(2, '0');
    tell(`${date} 05:00:04`, staging.frankfurt, scheduler, ec2.startInstances('bi-reports', 'bi-loader'));
    tell(`${date} 18:00:06`, staging.frankfurt, scheduler, ec2.stopInstances('bi-reports', 'bi-loader'));
  }
  tell('08 11:20:37', staging.frankfurt, saanvi.console, ec2.protectFromTermination('jump-host'));
  tell('14 10:01:09', data.frankfurt, li.cli, ec2.startInstances('old-airflow'));
  tell('16 15:30:45', data.frankfurt, li.cli, ec2.terminateInstances('old-airflow'));
}

/** Whether the day of October 2026 is a weekday; the 1st was a Thursday. */
export function isWorkday(day: number): boolean {
  return ![3, 4].includes(day % 7);
}

/** Volumes made by hand, where nothing enforces their encryption. */
function volumes(tell: Tell): void {
  const { ireland } = data;
  tell(
    '02 13:20:15',
    ireland,
    li.cli,
    ec2.createVolume('scratch', { size: 500, zone: 'a', encrypted: false }),
  );
  tell(
    '02 13:24:02',
    ireland,
    li.cli,
    ec2.createVolume('staging area', { size: 1000, zone: 'a', asked: false, encrypted: false }),
  );
  tell('12 08:03:44', ireland, li.cli, ec2.deleteVolume('scratch'));
  tell(
    '15 14:12:39',
    ireland,
    li.cli,
    ec2.createVolume('exports', { size: 250, zone: 'b', asked: true, encrypted: true }),
  );
  tell(
    '20 09:48:21',
    sandbox.frankfurt,
    mateo.console,
    ec2.createVolume('iso images', { size: 80, zone: 'a', encrypted: false }),
  );
  tell('20 10:15:36', sandbox.frankfurt, mateo.console, ec2.deleteVolume('iso images'));
  // The tool tried without, and encryption by default said otherwise.
  tell(
    '21 12:31:00',
    data.frankfurt,
    li.boto3,
    ec2.createVolume('reindex', { size: 300, zone: 'c', asked: false, encrypted: true }),
  );
  // Volumes that pods claim, with the team's own key, and what EC2 does with it in the driver's name.
  for (const [when, name] of [
    ['06 10:02:11', 'pvc-orders'],
    ['09 13:47:29', 'pvc-payments'],
    ['14 08:30:51', 'pvc-ledger'],
    ['20 15:12:05', 'pvc-search'],
    ['27 09:26:40', 'pvc-metrics'],
  ] as const) {
    const volume = ec2.volumeId(name);
    tell(
      when,
      production.frankfurt,
      csiDriver,
      ec2.createVolume(name, { size: 100, zone: 'a', asked: true, encrypted: true, key: ebsKey }),
    );
    tell(when, production.frankfurt, onBehalfOf(csiDriver, 'ec2.amazonaws.com'), dataKeyFor(volume));
    tell(
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
  tell('22 07:02:18', production.frankfurt, csiDriver, ec2.deleteVolume('pvc-search'));
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

/** For a migration the guard was let down for an hour, and what was made in that hour stayed a day. */
function theMigration(tell: Tell): void {
  const here = staging.virginia;
  tell('20 13:04:30', here, kwaku.cli, ec2.disableEbsEncryptionByDefault);
  tell(
    '20 13:11:18',
    here,
    kwaku.cli,
    ec2.runInstances({
      names: ['migration-helper'],
      type: 'm6i.4xlarge',
      disks: [{ device: '/dev/xvda', size: 50, encrypted: false }],
    }),
  );
  tell(
    '20 13:16:07',
    here,
    kwaku.cli,
    ec2.createVolume('db-dump-1', { size: 2000, zone: 'b', encrypted: false }),
    ec2.attachVolume('db-dump-1', 'migration-helper', '/dev/sdf'),
  );
  tell(
    '20 13:21:52',
    here,
    kwaku.cli,
    ec2.createVolume('db-dump-2', { size: 2000, zone: 'b', encrypted: false }),
  );
  tell('20 14:09:02', here, kwaku.cli, ec2.enableEbsEncryptionByDefault);
  tell('21 08:40:13', here, kwaku.cli, ec2.terminateInstances('migration-helper'));
  tell('21 08:47:55', here, kwaku.cli, ec2.deleteVolume('db-dump-1'));
  tell(
    '26 10:12:41',
    here,
    kwaku.cli,
    ec2.createVolume('db-archive', { size: 2000, zone: 'b', encrypted: true }),
  );
}

/** Moulds: one that is wrong and still there, one that is wrong and gone, and good ones. */
function launchTemplates(tell: Tell): void {
  tell(
    '07 12:33:20',
    data.ireland,
    li.boto3,
    ec2.createLaunchTemplate('spark-worker', { type: 'r5.2xlarge', encrypted: false, size: 200 }),
  );
  tell(
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
  tell('16 19:02:10', data.ireland, autoScaling, ec2.terminateInstances('spark-worker-2'));
  tell(
    '09 09:15:37',
    sandbox.frankfurt,
    mateo.cli,
    ec2.createLaunchTemplate('quickstart', { type: 't3.micro' }),
  );
  tell('21 16:42:08', sandbox.frankfurt, mateo.cli, ec2.deleteLaunchTemplate('quickstart'));
  tell(
    '13 10:20:19',
    staging.frankfurt,
    terraform,
    ec2.createLaunchTemplate('web', { type: 'm6i.large', encrypted: true, size: 40 }),
  );
  tell(
    '13 10:22:40',
    production.frankfurt,
    terraform,
    ec2.createLaunchTemplate('workers', { type: 'c6i.xlarge', encrypted: true, size: 60 }),
  );
  tell(
    '15 10:25:51',
    data.frankfurt,
    terraform,
    ec2.createLaunchTemplate('eks-analytics', { type: 'r6i.xlarge', encrypted: true, size: 100 }),
  );
}

/** Copies of disks, and with whom they were shared. */
function snapshots(tell: Tell): void {
  const here = production.frankfurt;
  // Forty minutes in public: a flag meant for another image.
  tell('15 09:40:05', here, ana.cli, ec2.createSnapshot('release-image', 'pvc-orders', false, 40));
  tell('16 10:02:33', here, ana.console, ec2.shareSnapshot('release-image', 'all'));
  tell('16 10:42:57', here, nikki.cli, ec2.unshareSnapshot('release-image', 'all'));
  // Within the organization, which the policy does not know yet: production's account is missing in its list.
  tell('09 08:05:12', staging.frankfurt, deploy, ec2.createSnapshot('golden-image-41', 'golden', true, 20));
  tell('09 08:14:50', staging.frankfurt, deploy, ec2.shareSnapshot('golden-image-41', production.account));
  tell('23 08:06:34', staging.frankfurt, deploy, ec2.createSnapshot('golden-image-42', 'golden', true, 20));
  tell('23 08:15:29', staging.frankfurt, deploy, ec2.shareSnapshot('golden-image-42', production.account));
  tell('23 09:30:11', staging.frankfurt, deploy, ec2.resetSnapshotSharing('golden-image-41'));
  // Handed to a supplier for a test, and deleted afterwards.
  tell(
    '06 14:22:47',
    sandbox.frankfurt,
    mateo.console,
    ec2.createSnapshot('test-set', 'iso images', false, 80),
  );
  tell('06 14:31:03', sandbox.frankfurt, mateo.console, ec2.shareSnapshot('test-set', supplier));
  tell('14 12:58:40', sandbox.frankfurt, mateo.console, ec2.deleteSnapshot('test-set'));
  // A share older than the trail is withdrawn.
  tell('19 11:07:26', data.frankfurt, nikki.cli, ec2.resetSnapshotSharing('archive-2025'));
}

/** Kubernetes: clusters on their way to encryption, privacy and audit logs. */
function clusters(tell: Tell): void {
  const everywhere = { private: true, public: ['0.0.0.0/0'] };
  const secretsKey = (place: Place): string => kms.keyArn(place, 'cluster secrets');

  // Staging's shop was restored at 1.26 from an old definition, and brought to 1.28 version by version.
  tell(
    '02 08:30:19',
    staging.frankfurt,
    terraform,
    eks.createCluster('shop', { version: '1.26', endpoint: everywhere }),
  );
  tell(
    '02 08:52:40',
    staging.frankfurt,
    terraform,
    eks.createNodegroup('shop', 'general-t3', { types: ['t3.large'], size: 2 }),
  );
  const nodes = ['shop-t3-1', 'shop-t3-2'];
  const tags = { 'eks:cluster-name': 'shop', 'eks:nodegroup-name': 'general-t3' };
  tell(
    '02 08:54:13',
    staging.frankfurt,
    autoScaling,
    ec2.runInstances({ names: nodes, type: 't3.large', tags, disks: [{ device: '/dev/xvda', size: 20 }] }),
  );
  tell(
    '06 09:10:44',
    staging.frankfurt,
    terraform,
    eks.updateEndpoint('shop', { private: true, public: ['203.0.113.0/24'] }),
  );
  tell('07 07:15:02', staging.frankfurt, terraform, eks.updateClusterVersion('shop', '1.27'));
  tell('14 07:18:31', staging.frankfurt, terraform, eks.updateClusterVersion('shop', '1.28'));
  tell(
    '14 08:40:55',
    staging.frankfurt,
    terraform,
    eks.createNodegroup('shop', 'general-m6i', { types: ['m6i.large'], size: 2 }),
  );
  tell(
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
  tell('14 10:05:37', staging.frankfurt, terraform, eks.deleteNodegroup('shop', 'general-t3'));
  tell('14 10:11:08', staging.frankfurt, nodegroupRole, ec2.terminateInstances(...nodes));
  tell(
    '15 09:33:26',
    staging.frankfurt,
    saanvi.cli,
    eks.updateLogging('shop', ['api', 'audit', 'authenticator']),
  );
  tell(
    '16 12:00:48',
    staging.frankfurt,
    terraform,
    eks.updateEndpoint('shop', { private: true, public: [] }),
  );

  // Production's ledger gets a key of its own for its secrets.
  tell(
    '05 09:05:30',
    production.frankfurt,
    terraform,
    eks.createCluster('ledger', { version: '1.27', endpoint: everywhere, logs: ['audit', 'authenticator'] }),
  );
  tell(
    '05 09:20:01',
    production.frankfurt,
    terraform,
    eks.createNodegroup('ledger', 'general', { types: ['m6i.xlarge', 'm6a.xlarge'], size: 3 }),
  );
  tell(
    '08 13:31:15',
    production.frankfurt,
    ana.cli,
    eks.updateEndpoint('ledger', { private: true, public: [] }),
  );
  tell(
    '09 07:45:22',
    production.frankfurt,
    ana.cli,
    eks.associateEncryptionConfig('ledger', secretsKey(production.frankfurt)),
  );

  // The playground: everything as eksctl gives it, and gone after two weeks.
  tell('06 12:10:39', sandbox.frankfurt, mateo.eksctl, eks.createCluster('playground', { version: '1.27' }));
  tell(
    '06 12:24:14',
    sandbox.frankfurt,
    mateo.eksctl,
    eks.createNodegroup('playground', 'ng-1', { types: ['t3.medium'], size: 2 }),
  );
  tell('20 15:50:02', sandbox.frankfurt, mateo.eksctl, eks.deleteNodegroup('playground', 'ng-1'));
  tell('20 15:58:47', sandbox.frankfurt, mateo.eksctl, eks.deleteCluster('playground'));
  // Its successor stays as open as it was.
  tell(
    '26 13:09:20',
    sandbox.frankfurt,
    mateo.eksctl,
    eks.createCluster('playground-2', { version: '1.33' }),
  );
  tell(
    '26 13:22:57',
    sandbox.frankfurt,
    mateo.eksctl,
    eks.createNodegroup('playground-2', 'ng-1', { size: 1 }),
  );

  // The data platform does it right from the start.
  tell(
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
  tell(
    '15 10:45:26',
    data.frankfurt,
    terraform,
    eks.createNodegroup('analytics', 'spark', { template: ['eks-analytics', '1'], size: 4 }),
  );
  tell(
    '16 08:12:11',
    data.frankfurt,
    terraform,
    eks.createNodegroup('analytics', 'system', { types: ['m7i.large'], size: 2 }),
  );

  // A cluster older than the trail, of which it tells only what was changed.
  tell('13 06:20:34', data.ireland, saanvi.cli, eks.updateClusterVersion('legacy-batch', '1.27'));
  tell(
    '13 07:41:50',
    data.ireland,
    saanvi.cli,
    eks.updateNodegroupVersion('legacy-batch', 'workers', '1.27'),
  );
  tell('27 14:25:13', data.ireland, saanvi.cli, eks.updateLogging('legacy-batch', ['api']));
}

/** New keys, and when somebody thought of rotating them. */
function keysAndTheirRotation(tell: Tell): void {
  const here = production.frankfurt;
  tell(
    '05 08:10:02',
    here,
    terraform,
    kms.createKey('production volumes', { description: 'EBS volumes, production', policy: kms.policies.own }),
    kms.createAlias('production/ebs', 'production volumes'),
  );
  tell(
    '05 08:10:55',
    here,
    terraform,
    kms.createKey('cluster secrets', { description: 'EKS secrets, production', policy: kms.policies.own }),
    kms.createAlias('production/eks', 'cluster secrets'),
  );
  tell(
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
  tell(
    '08 12:40:17',
    here,
    terraform,
    kms.enableKeyRotation('production volumes'),
    kms.enableKeyRotation('cluster secrets'),
    kms.enableKeyRotation('invoices'),
  );

  // With the module put right, rotation follows within seconds.
  tell(
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
  tell(
    '15 10:28:30',
    data.frankfurt,
    terraform,
    kms.createKey('cluster secrets', { description: 'EKS secrets, data platform', policy: kms.policies.own }),
    kms.createAlias('data/eks', 'cluster secrets'),
    kms.enableKeyRotation('cluster secrets'),
  );
  tell(
    '06 08:18:22',
    staging.frankfurt,
    terraform,
    kms.createKey('staging volumes', { description: 'EBS volumes, staging', policy: kms.policies.own }),
    kms.enableKeyRotation('staging volumes'),
  );

  // Keys that KMS does not rotate.
  tell(
    '12 09:40:48',
    here,
    ana.cli,
    kms.createKey('release signing', {
      description: 'Signs releases',
      spec: 'ECC_NIST_P256',
      policy: kms.policies.own,
    }),
  );
  tell(
    '19 13:37:04',
    here,
    ana.cli,
    kms.createKey('document signing', {
      description: 'Signs documents',
      spec: 'RSA_2048',
      policy: kms.policies.own,
    }),
  );

  // The sandbox did not think of it; the data lake's was switched off for a comparison, and stays off.
  tell('07 15:03:38', sandbox.frankfurt, mateo.console, kms.createKey('try-out', { description: 'try-out' }));
  tell('20 08:51:10', data.frankfurt, li.cli, kms.disableKeyRotation('data lake'));
  tell('18 03:12:40', here, awsInternal, kms.rotateKey('customer records'));
}

/** Keys scheduled for deletion or disabled, in error and on purpose. */
function keysLostAndFound(tell: Tell): void {
  const here = production.frankfurt;
  // A terraform destroy in the wrong workspace; noticed the next morning when the archive could not be read.
  tell('19 16:20:44', here, terraform, kms.scheduleKeyDeletion('invoices', 30));
  tell('20 07:12:09', here, saanvi.cli, kms.cancelKeyDeletion('invoices'));
  tell('20 07:31:52', here, saanvi.cli, kms.enableKey('invoices'));
  // On purpose, and through with it.
  tell('06 11:30:27', staging.frankfurt, ana.cli, kms.disableKey('old shop'));
  tell('07 11:34:50', staging.frankfurt, ana.cli, kms.scheduleKeyDeletion('old shop', 7));
  tell('15 06:02:33', staging.frankfurt, awsInternal, kms.deleteKey('old shop'));
  // On its way.
  tell('27 15:44:36', sandbox.frankfurt, mateo.console, kms.scheduleKeyDeletion('try-out', 30));
  // Disabled for a drill, in office hours.
  tell('21 09:00:12', data.frankfurt, nikki.cli, kms.disableKey('data lake exports'));
  tell('21 10:25:40', data.frankfurt, nikki.cli, kms.enableKey('data lake exports'));
  tell('22 14:18:03', sandbox.frankfurt, nikki.cli, kms.disableKey('unclaimed'));
}

/** Key policies opened, and put right. */
function keyPolicies(tell: Tell): void {
  // Open to everyone for two hours, because a pipeline would not run.
  tell('08 11:05:29', data.frankfurt, li.console, kms.putKeyPolicy('data lake', kms.policies.open));
  tell(
    '08 13:12:44',
    data.frankfurt,
    nikki.cli,
    kms.putKeyPolicy('data lake', kms.policies.withRole('lake-pipeline')),
  );
  // Everyone, but confined by kms:CallerAccount: as it should be.
  tell(
    '12 14:30:15',
    production.frankfurt,
    kwaku.cli,
    kms.createKey('databases', { description: 'RDS storage', policy: kms.policies.confined }),
    kms.enableKeyRotation('databases'),
  );
  // An application's own policy, which left nobody to administer the key; the missing statement came a day later.
  tell(
    '22 09:51:37',
    staging.frankfurt,
    deploy,
    kms.putKeyPolicy('staging volumes', kms.policies.withoutAdministrators('shop-app')),
  );
  tell(
    '23 07:40:18',
    staging.frankfurt,
    deploy,
    kms.putKeyPolicy('staging volumes', kms.policies.withRole('shop-app')),
  );
  tell(
    '16 13:20:02',
    production.frankfurt,
    ana.cli,
    kms.putKeyPolicy('invoices', kms.policies.withRole('invoice-archive')),
  );
  // A supplier's account, agreed by telephone.
  tell(
    '28 10:33:51',
    production.frankfurt,
    kwaku.console,
    kms.putKeyPolicy('customer records', kms.policies.withAccount(supplier, 'Support by supplier')),
  );
}

/** Who may use keys without being in their policy. */
function grants(tell: Tell): void {
  const decrypt = ['Decrypt', 'DescribeKey'];
  // To a supplier's backup, granted and thought better of.
  tell(
    '14 09:12:30',
    production.frankfurt,
    kwaku.cli,
    kms.createGrant('databases', 'supplier backup', {
      to: () => `arn:aws:iam::${supplier}:role/backup-agent`,
      operations: [...decrypt, 'CreateGrant'],
    }),
  );
  tell('15 08:20:06', production.frankfurt, nikki.cli, kms.revokeGrant('databases', 'supplier backup'));
  // To the organization's own services.
  tell(
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
    tell(
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
      tell(
        '20 04:11:11',
        production.frankfurt,
        awsService('rds.amazonaws.com'),
        kms.retireGrant('databases', name),
      );
  }
}

/** Key material from the company's own vault. */
function importedMaterial(tell: Tell): void {
  const { frankfurt, ireland } = data;
  tell(
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
  tell('02 09:20:35', frankfurt, nikki.cli, kms.importKeyMaterial('regulator'));
  tell('19 08:14:02', frankfurt, nikki.cli, kms.deleteImportedKeyMaterial('regulator'));
  tell(
    '20 09:41:27',
    frankfurt,
    nikki.cli,
    kms.getParametersForImport('regulator'),
    kms.importKeyMaterial('regulator'),
  );
  // Material with an expiry that nobody had in the calendar.
  tell(
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
  tell('25 09:12:21', ireland, awsInternal, kms.deleteExpiredKeyMaterial('partner exchange'));
}

/** In the night to Saturday somebody uses a key that should have been taken away. All of it is still open. */
function theExContractor(tell: Tell): void {
  const here = data.frankfurt;
  tell(
    '24 01:52:04',
    data.virginia,
    exContractor,
    denied('iam', 'ListUsers', 'is not authorized to perform: iam:ListUsers'),
  );
  tell(
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
  tell('24 02:06:19', here, exContractor, ec2.createSnapshot('lake-copy', 'reindex', true, 300));
  tell(
    '24 02:14:38',
    here,
    exContractor,
    ec2.shareSnapshot('lake-copy', stranger),
    ec2.shareSnapshot('lake-nightly', stranger),
  );
  tell(
    '24 02:19:55',
    here,
    exContractor,
    kms.createGrant('data lake', 'stranger', {
      to: () => `arn:aws:iam::${stranger}:root`,
      operations: ['Decrypt', 'DescribeKey', 'CreateGrant', 'ReEncryptFrom'],
    }),
  );
  tell(
    '24 02:23:10',
    here,
    exContractor,
    kms.putKeyPolicy('data lake exports', kms.policies.withAccount(stranger, 'Allow external account')),
  );
  tell('24 02:41:09', here, withinAws('ec2.amazonaws.com'), ec2.sharedSnapshotVolumeCreated('lake-copy'));
  tell(
    '24 02:47:31',
    here,
    exContractor,
    denied('kms', 'ScheduleKeyDeletion', 'is not authorized to perform: kms:ScheduleKeyDeletion'),
  );
}

/** A call that EC2 refused, with what it asked for. */
function refused(name: string, request: Deed['request'], code: string, message: string): Act {
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
