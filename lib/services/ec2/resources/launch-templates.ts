/** How EC2's events name launch templates. */
import { arnOf } from '../../../core/arn.ts';
import type { ArnResource } from '../../../core/control.ts';
import type { TrailEvent } from '../../../core/event.ts';
import { list, member, memberText, text } from '../../../core/json.ts';
import { tagged, tagsIn } from './instances.ts';
import { requestOf, responseOf } from './wrapped.ts';

/**
 * Create-, Modify- and DeleteLaunchTemplate, CreateLaunchTemplateVersion, DeleteLaunchTemplateVersions: the template
 * by its id, which the response contains even where the request has only the name.
 * @returns one template, or none.
 * @example launchTemplate({ ...event, request: { LaunchTemplateId: 'lt-0123456789abcdef0' } })[0]?.id // 'lt-0123456789abcdef0'
 */
export function launchTemplate(event: TrailEvent): readonly ArnResource[] {
  const { account, region } = event;
  const id = launchTemplateId(event);
  if (id === undefined) return [];
  const tags =
    tagsIn(list(member(responseOf(event), 'LaunchTemplate'), 'tagSet')) ??
    tagsIn(
      list(member(requestOf(event), 'TagSpecification'))
        .filter((item) => text(item, 'ResourceType') === 'launch-template')
        .flatMap((item) => list(item, 'Tag')),
    );
  const arn = launchTemplateArn(event, id);
  return [tagged({ type: 'AwsEc2LaunchTemplate', id, arn, account, region }, tags)];
}

/**
 * The ARN of a launch template.
 * @param id `lt-…`.
 * @example launchTemplateArn(accountRegion, 'lt-0123456789abcdef0') // 'arn:aws:ec2:eu-central-1:111122223333:launch-template/lt-0123456789abcdef0'
 */
export function launchTemplateArn(
  { account, region }: Pick<TrailEvent, 'account' | 'region'>,
  id: string,
): string {
  return arnOf('ec2', region, account, `launch-template/${id}`);
}

/**
 * The template in the response: under `launchTemplate`, or `launchTemplateVersion` for a new version.
 * @returns unparsed JSON; `undefined` where the response has none.
 * @example templateAnswered({ ...event, response: { launchTemplate: { launchTemplateId: 'lt-0123456789abcdef0' } } }) // { launchTemplateId: 'lt-0123456789abcdef0' }
 */
export function templateAnswered(event: TrailEvent): unknown {
  const response = responseOf(event);
  return member(response, 'LaunchTemplate') ?? member(response, 'LaunchTemplateVersion');
}

/**
 * The template's name, from the response or else the request.
 * @example launchTemplateName({ ...event, request: { LaunchTemplateName: 'my-template' } }) // 'my-template'
 */
export function launchTemplateName(event: TrailEvent): string | undefined {
  return (
    memberText(templateAnswered(event), 'LaunchTemplateName') ??
    memberText(requestOf(event), 'LaunchTemplateName')
  );
}

function launchTemplateId(event: TrailEvent): string | undefined {
  const answered = memberText(templateAnswered(event), 'LaunchTemplateId');
  if (answered !== undefined) return answered;
  const [deleted] = list(member(responseOf(event), 'SuccessfullyDeletedLaunchTemplateVersionSet'));
  return memberText(deleted, 'LaunchTemplateId') ?? memberText(requestOf(event), 'LaunchTemplateId');
}
