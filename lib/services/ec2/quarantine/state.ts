/** Reads everything that decides whether and how an instance is quarantined. */
import type { Instance, NetworkInterface } from '@aws-sdk/client-ec2';
import type { ActionDeps } from '../../../core/action.ts';
import { type Capacity, capacityOf, type Member, memberOf } from './auto-scaling.ts';
import type { Before, Registration } from './before.ts';
import { type Described, isProtectedFromStop, isProtectedFromTermination, profileOf } from './instance.ts';
import { interfaceOf, interfacesOf } from './interfaces.ts';
import { registrationsOf } from './targets.ts';

export interface QuarantineState {
  readonly instance: Instance;
  readonly owner: string | undefined;
  readonly interfaces: readonly NetworkInterface[];
  readonly protectedFromTermination: boolean;
  readonly protectedFromStop: boolean;
  readonly profile: Before['profile'];
  readonly member: Member | null;
  readonly capacity: Capacity | null;
  readonly registrations: readonly Registration[];
}

/**
 * Reads everything about an instance that exists. Rejects with what the SDK throws.
 * @param id the instance's id.
 * @param described the instance as EC2 describes it.
 * @example (await readState('i-0123456789abcdef0', described, deps)).member // null: in no Auto Scaling group
 */
export async function readState(
  id: string,
  { instance, owner }: Described,
  deps: ActionDeps,
): Promise<QuarantineState> {
  const { ec2, elb, autoScaling } = deps.clients;
  const interfaces = await interfacesOf(ec2, id);
  const member = await memberOf(autoScaling, id);
  return {
    instance,
    owner,
    interfaces,
    protectedFromTermination: await isProtectedFromTermination(ec2, id),
    protectedFromStop: await isProtectedFromStop(ec2, id),
    profile: await profileOf(ec2, id),
    member,
    capacity: member === null ? null : await capacityOf(autoScaling, member.group),
    registrations: await registrationsOf(elb, {
      instance: id,
      vpcs: [...new Set(interfaces.map((each) => interfaceOf(each).vpc))],
      addresses: interfaces.flatMap(addressesOf),
    }),
  };
}

function addressesOf({ PrivateIpAddresses, Ipv6Addresses }: NetworkInterface): readonly string[] {
  return [
    ...(PrivateIpAddresses ?? []).flatMap(({ PrivateIpAddress }) => PrivateIpAddress ?? []),
    ...(Ipv6Addresses ?? []).flatMap(({ Ipv6Address }) => Ipv6Address ?? []),
  ];
}
