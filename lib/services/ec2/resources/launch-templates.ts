/** Where EC2's events name launch templates. */
import { arnOf } from '../../../core/arn.ts';
import type { Resource } from '../../../core/control.ts';
import type { TrailEvent } from '../../../core/event.ts';
import { list, member, memberText, text } from '../../../core/json.ts';
import { tagged, tagsIn } from './instances.ts';
import { requestOf, responseOf } from './wrapped.ts';

/**
 * Create-, Modify- and DeleteLaunchTemplate, CreateLaunchTemplateVersion, DeleteLaunchTemplateVersions: the
 * template by its id, which the response bears even where the request gave the name only.
 */
export function launchTemplate(event: TrailEvent): readonly Resource[] {
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

/** The ARN of a template of an account and Region. */
export function launchTemplateArn(
  { account, region }: Pick<TrailEvent, 'account' | 'region'>,
  id: string,
): string {
  return arnOf('ec2', region, account, `launch-template/${id}`);
}

/** The template as the response tells it: under `launchTemplate`, or `launchTemplateVersion` for a new version. */
export function templateAnswered(event: TrailEvent): unknown {
  const response = responseOf(event);
  return member(response, 'LaunchTemplate') ?? member(response, 'LaunchTemplateVersion');
}

/** The template's name, as the response or else the request tells it. */
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
