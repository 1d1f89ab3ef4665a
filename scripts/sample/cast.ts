/** The accounts, Regions and actors of the sample. Names, account ids and addresses are AWS's and IETF's examples. */
import type { AccountRegion } from '../../lib/core/account-region.ts';
import type { JsonObject } from '../../lib/core/json.ts';
import { digest, exampleId } from './random.ts';
import { type Caller, iso } from './record.ts';

export const organization = 'o-exampleorgid';

function regionsOf(account: string) {
  const at = (region: string): AccountRegion => ({ account, region });
  return { account, frankfurt: at('eu-central-1'), virginia: at('us-east-1'), ireland: at('eu-west-1') };
}

export const production = regionsOf('111122223333');
export const staging = regionsOf('444455556666');
export const data = regionsOf('123456789012');
export const sandbox = regionsOf('555555555555');
export const security = regionsOf('999999999999');
/** An account outside the organization. */
export const externalAccount = '210987654321';
/** A supplier's account, outside the organization too. */
export const supplier = '222222222222';

const aws = '2.31.9';
const userAgents = {
  browser: () =>
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  cli: ({ service, name }: { readonly service: string; readonly name: string }) =>
    `aws-cli/${aws} md/awscrt#0.27.6 ua/2.1 os/macos#24.6.0 md/arch#arm64 lang/python#3.13.7 md/pyimpl#CPython m/E,b,Z,C cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#${service}.${kebab(name)}`,
  terraform: ({ service }: { readonly service: string }) =>
    `APN/1.0 HashiCorp/1.0 Terraform/1.13.4 (+https://www.terraform.io) terraform-provider-aws/6.17.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.39.2 ua/2.1 os/linux lang/go#1.24.8 md/GOOS#linux md/GOARCH#amd64 api/${service}`,
  eksctl: ({ service }: { readonly service: string }) =>
    `eksctl/0.215.0 aws-sdk-go-v2/1.39.2 ua/2.1 os/linux lang/go#1.24.8 md/GOOS#linux md/GOARCH#amd64 api/${service}`,
  boto3: () =>
    'Boto3/1.40.55 md/Botocore#1.40.55 ua/2.1 os/linux#6.1.153-175.280.amzn2023.x86_64 md/arch#x86_64 lang/python#3.12.11 md/pyimpl#CPython cfg/retry-mode#legacy Botocore/1.40.55',
  lambda: () =>
    'Boto3/1.40.4 md/Botocore#1.40.4 ua/2.1 os/linux#5.10.244-267.968.amzn2.x86_64 md/arch#x86_64 lang/python#3.13.7 md/pyimpl#CPython exec-env/AWS_Lambda_python3.13 cfg/retry-mode#legacy Botocore/1.40.4',
  ssmAgent: () => 'aws-sdk-go/1.55.5 (go1.23.12; linux; amd64) amazon-ssm-agent/3.3.2746.0',
  csiDriver: () =>
    'aws-ebs-csi-driver/v1.49.0 aws-sdk-go-v2/1.38.3 ua/2.1 os/linux lang/go#1.24.6 md/GOOS#linux md/GOARCH#amd64',
} as const;

function kebab(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}

const hour = 3_600_000;

interface Role {
  readonly name: string;
  /** The path before the name in the role's ARN: `aws-service-role/autoscaling.amazonaws.com/`. */
  readonly path?: string;
  readonly session: string;
  /** The role's account, where that is not the account in which the call was made. */
  readonly account?: string;
  readonly invokedBy?: string;
  readonly federation?: (account: string) => JsonObject;
}

/** The identity of a role's session, with credentials that are renewed every twelve hours. */
function assumed(role: Role): Caller['identity'] {
  return ({ account: here, time }) => {
    const account = role.account ?? here;
    const began =
      Math.floor(time / (12 * hour)) * 12 * hour -
      Number.parseInt(digest(role.session).slice(0, 3), 16) * 1000;
    const id = exampleId('AROA', `${account} ${role.name}`, 21);
    return {
      type: 'AssumedRole',
      principalId: `${id}:${role.session}`,
      arn: `arn:aws:sts::${account}:assumed-role/${role.name}/${role.session}`,
      accountId: account,
      accessKeyId: exampleId('ASIA', `${account} ${role.name} ${role.session} ${began}`, 20),
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: id,
          arn: `arn:aws:iam::${account}:role/${role.path ?? ''}${role.name}`,
          accountId: account,
          userName: role.name,
        },
        ...(role.federation === undefined ? {} : { webIdFederationData: role.federation(account) }),
        attributes: { creationDate: iso(began), mfaAuthenticated: 'false' },
      },
      ...(role.invokedBy === undefined ? {} : { invokedBy: role.invokedBy }),
    };
  };
}

/** A user who signs in through IAM Identity Center, with a permission set. */
function person(user: string, permissionSet: string, sourceIp: string) {
  const name = `AWSReservedSSO_${permissionSet}_${digest(permissionSet).slice(0, 16)}`;
  const identity = assumed({
    name,
    path: 'aws-reserved/sso.amazonaws.com/eu-central-1/',
    session: user,
  });
  return {
    console: { identity, sourceIp, userAgent: userAgents.browser, via: 'console' },
    cli: { identity, sourceIp, userAgent: userAgents.cli, via: 'api' },
    eksctl: { identity, sourceIp, userAgent: userAgents.eksctl, via: 'api' },
    boto3: { identity, sourceIp, userAgent: userAgents.boto3, via: 'api' },
  } satisfies Record<string, Caller>;
}

/** Leads the platform team. */
export const ana = person('ana.silva', 'PlatformAdmin', '203.0.113.17');
/** Data engineer. */
export const li = person('li.juan', 'DataEngineer', '203.0.113.42');
/** Developer, works in the sandbox account. */
export const mateo = person('mateo.jackson', 'Developer', '203.0.113.61');
/** On call for operations. */
export const saanvi = person('saanvi.sarkar', 'Operations', '203.0.113.23');
/** Database administrator; runs a migration this month. */
export const kwaku = person('kwaku.mensah', 'DatabaseAdmin', '203.0.113.88');
/** Security. */
export const nikki = person('nikki.wolf', 'SecurityAdmin', '203.0.113.9');

/** A contractor whose contract ended in September, and whose access key nobody deactivated. */
export const exContractor: Caller = {
  identity: ({ account }) => ({
    type: 'IAMUser',
    principalId: exampleId('AIDA', 'richard.roe', 21),
    arn: `arn:aws:iam::${account}:user/contractors/richard.roe`,
    accountId: account,
    accessKeyId: exampleId('AKIA', 'richard.roe', 20),
    userName: 'richard.roe',
  }),
  sourceIp: '198.51.100.201',
  userAgent: ({ service, name }) =>
    `aws-cli/2.15.30 md/awscrt#0.19.19 ua/2.0 os/linux#6.6.15-amd64 md/arch#x86_64 lang/python#3.11.8 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#${service}.${kebab(name)}`,
  via: 'api',
};

/** The root user, which should not have been used. */
export const root: Caller = {
  identity: ({ account, time }) => ({
    type: 'Root',
    principalId: account,
    arn: `arn:aws:iam::${account}:root`,
    accountId: account,
    accessKeyId: exampleId('ASIA', `${account} root`, 20),
    sessionContext: {
      attributes: { creationDate: iso(Math.floor(time / hour) * hour), mfaAuthenticated: 'true' },
    },
  }),
  sourceIp: '203.0.113.61',
  userAgent: userAgents.browser,
  via: 'console',
};

/** The pipeline that applies Terraform. */
export const terraform: Caller = {
  identity: assumed({
    name: 'github-actions-terraform',
    session: 'terraform-apply',
    federation: (account) => ({
      federatedProvider: `arn:aws:iam::${account}:oidc-provider/token.actions.githubusercontent.com`,
      attributes: {},
    }),
  }),
  sourceIp: '192.0.2.130',
  userAgent: userAgents.terraform,
  via: 'api',
};

/** The pipeline that deploys applications. */
export const deploy: Caller = {
  identity: assumed({
    name: 'github-actions-deploy',
    session: 'GitHubActions',
    federation: (account) => ({
      federatedProvider: `arn:aws:iam::${account}:oidc-provider/token.actions.githubusercontent.com`,
      attributes: {},
    }),
  }),
  sourceIp: '192.0.2.131',
  userAgent: userAgents.boto3,
  via: 'api',
};

/** Starts and stops development instances on a schedule. */
export const scheduler: Caller = {
  identity: assumed({ name: 'instance-scheduler', session: 'instance-scheduler-office-hours' }),
  sourceIp: '192.0.2.77',
  userAgent: userAgents.lambda,
  via: 'api',
};

/** A program's role session (a Lambda function, a pod, an agent), of the account in which it calls or of another. */
export function program(
  name: string,
  session: string,
  agent: 'lambda' | 'boto3' | 'ssmAgent' | 'csiDriver',
  sourceIp: string,
  account?: string,
): Caller {
  const role = { name, session, ...(account === undefined ? {} : { account }) };
  return { identity: assumed(role), sourceIp, userAgent: userAgents[agent], via: 'api' };
}

/** The EBS CSI driver, which creates the volumes that pods claim. */
export const csiDriver = program('ebs-csi-controller', '1760000000000000000', 'csiDriver', '192.0.2.90');

/** A session of a service-linked role. */
export function linkedRole(name: string, service: string, session: string): Caller {
  return {
    identity: assumed({ name, path: `aws-service-role/${service}/`, session, invokedBy: service }),
    sourceIp: service,
    userAgent: () => service,
    via: 'aws',
  };
}

export const autoScaling = linkedRole(
  'AWSServiceRoleForAutoScaling',
  'autoscaling.amazonaws.com',
  'AutoScaling',
);
export const nodegroupRole = linkedRole(
  'AWSServiceRoleForAmazonEKSNodegroup',
  'eks-nodegroup.amazonaws.com',
  'EKS',
);

/** An AWS service that calls as itself. */
export function awsService(service: string): Caller {
  return {
    identity: () => ({ type: 'AWSService', invokedBy: service }),
    sourceIp: service,
    userAgent: () => service,
    via: 'aws',
  };
}

/** AWS itself, in service events. */
export function withinAws(service: string): Caller {
  return {
    identity: ({ account }) => ({ accountId: account, invokedBy: service }),
    sourceIp: service,
    userAgent: () => service,
    via: 'aws',
  };
}
export const awsInternal = withinAws('AWS Internal');

/** A service that calls on behalf of `caller`: EC2 calls KMS for the creator of a volume. */
export function onBehalfOf(caller: Caller, service: string): Caller {
  return {
    identity: (moment) => ({ ...caller.identity(moment), invokedBy: service }),
    sourceIp: service,
    userAgent: () => service,
    via: 'aws',
  };
}

/** The security team's auditors, who assume a role in each account. */
export const auditor: Caller = {
  identity: assumed({ name: 'security-audit', session: 'nightly-audit' }),
  sourceIp: '192.0.2.14',
  userAgent: userAgents.lambda,
  via: 'api',
};
