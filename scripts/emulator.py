"""Runs an emulator of AWS as a server that ends with the program that started it, however that ends.

    python emulator.py MODULE [ARGUMENT…]        with a pipe as standard input, which nobody writes to

It also has the emulators do some things that AWS does and they leave out.
"""

import datetime
import json
import os
import re
import runpy
import signal
import sys
import threading


def end_with_parent():
    """The pipe closes when the program that holds its other end was deleted, even if it was killed."""
    sys.stdin.buffer.read()
    if hasattr(os, "killpg"):
        os.killpg(os.getpgrp(), signal.SIGTERM)
    os._exit(0)


def let_services_publish_events():
    """Accepts events whose source is `aws.…` in PutEvents.

    EventBridge has them from the services themselves and refuses them to customers, and so does ministack. What a
    test puts stands for what CloudTrail tells EventBridge.
    """
    from ministack.services import eventbridge

    put_events = eventbridge._put_events
    eventbridge._put_events = lambda data, allow_aws_source=True: put_events(data, allow_aws_source=True)


def find_cjs_handlers():
    """Lets a function's handler be in a `.cjs` file, as Lambda's runtime for Node does; ministack 1.5.33 looks for
    `.js` and `.mjs` only."""
    from ministack.core import lambda_runtime

    lambda_runtime._NODEJS_WORKER_SCRIPT = (
        "require.extensions['.cjs'] = require.extensions['.js'];\n" + lambda_runtime._NODEJS_WORKER_SCRIPT
    )


def allow_batches_by_their_action():
    """Asks whether `sqs:SendMessage` is allowed for SendMessageBatch, and so on: the batches of SQS and SNS have no
    actions of their own (Service Authorization Reference, "Actions defined by Amazon SQS", "… SNS"), but ministack
    1.5.33 asks for them."""
    from ministack.core import iam_actions

    extract = iam_actions.extract_iam_action

    def of_single(service, *rest, **more):
        action = extract(service, *rest, **more)
        return action.removesuffix("Batch") if service in ("sqs", "sns") and action else action

    iam_actions.extract_iam_action = of_single


def count_as_secure_transport():
    """Has `aws:SecureTransport` be true, though ministack is spoken to without TLS: the queues of the stack refuse
    what comes without, and all that comes to AWS by its SDKs comes with it."""
    from ministack.core import iam_evaluator

    resolve = iam_evaluator._resolve_condition_key
    iam_evaluator._resolve_condition_key = lambda key, context: (
        "true" if key.lower() == "aws:securetransport" else resolve(key, context)
    )


def schedules_have_their_group():
    """Asks whether CreateSchedule is allowed for the schedule in its group, `schedule/GROUP/NAME` (Service
    Authorization Reference, "Resource types defined by Amazon EventBridge Scheduler"): ministack 1.5.33 takes every
    one for one of the group `default`."""
    from ministack.core import iam_actions

    extract = iam_actions.extract_resource_arn

    def of_group(service, method, path, headers, body, query_params, *place):
        arn = extract(service, method, path, headers, body, query_params, *place)
        if service != "scheduler" or ":schedule/default/" not in arn:
            return arn
        group = iam_actions._safe_json_field(body, "GroupName") or iam_actions._query_param(query_params, "groupName")
        return arn.replace(":schedule/default/", f":schedule/{group or 'default'}/")

    iam_actions.extract_resource_arn = of_group


def tell_leading_keys():
    """Tells policies `dynamodb:LeadingKeys`, the partition keys that a request is about (Amazon DynamoDB Developer
    Guide, "Using IAM policy conditions"), which ministack 1.5.33 leaves out. Of tables whose partition key is called
    `pk`, as the state table's is."""
    from ministack.core import iam_actions

    context_of = iam_actions.dynamodb_service_context

    def with_keys(body):
        try:
            keys = leading_keys(json.loads(body or b"{}"))
        except ValueError:
            keys = []
        return {**context_of(body), **({"dynamodb:LeadingKeys": keys} if keys else {})}

    iam_actions.dynamodb_service_context = with_keys


def leading_keys(request):
    """The partition keys that a request to DynamoDB is about, as far as it tells them."""
    operations = [one for each in request.get("TransactItems", []) for one in each.values()]
    for about in request.get("RequestItems", {}).values():
        written = [one for each in about for one in each.values()] if isinstance(about, list) else []
        operations += written or [{"Key": key} for key in about.get("Keys", [])]
    items = [one.get("Item") or one.get("Key") or {} for one in [request, *operations]]
    keys = [item["pk"]["S"] for item in items if "pk" in item]
    condition = re.search(r"(?:^|\s)#?pk\s*=\s*(:\w+)", request.get("KeyConditionExpression", ""))
    if condition:
        keys.append(request["ExpressionAttributeValues"][condition[1]]["S"])
    return keys


def callers_are_known_to_policies():
    """Tells policies `aws:PrincipalArn`, which for a session of a role is the role's ARN, and `aws:PrincipalIsAWSService`
    (IAM User Guide, "AWS global condition context keys"); ministack 1.5.33 has the session's ARN for the one, and not
    the other."""
    from ministack.core import iam_evaluator
    from ministack.services import iam

    resolve = iam_evaluator._resolve_condition_key

    def role_arn(arn, account):
        name = iam_evaluator._role_name_from_assumed_arn(arn)
        role = iam._roles.get_scoped(account, None, name) or {}
        return role.get("Arn", f"arn:aws:iam::{account}:role/{name}")

    def resolve_caller(key, context):
        if key.lower() == "aws:principalisawsservice":
            return "true" if context.principal_type == "Service" else "false"
        if key.lower() == "aws:principalarn" and context.principal_type == "Service":
            return None
        arn = context.principal_arn
        if key.lower() == "aws:principalarn" and ":assumed-role/" in arn:
            return role_arn(arn, arn.split(":")[4])
        return resolve(key, context)

    iam_evaluator._resolve_condition_key = resolve_caller


def buses_and_tables_have_policies():
    """Takes the policies of event buses and tables from templates (AWS::Events::EventBusPolicy; AWS::DynamoDB::Table,
    ResourcePolicy) and asks them whether a call is allowed, as ministack 1.5.33 does for queues and topics only. It
    asks none for the root user, whom AWS would refuse too, nor for what its services do with each other, nor that of a
    table's stream."""
    from ministack.core import iam_evaluator
    from ministack.services import dynamodb, eventbridge
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS
    table = handlers["AWS::DynamoDB::Table"]

    def keep_policy(name, props):
        policy = (props.get("ResourcePolicy") or {}).get("PolicyDocument")
        arn = dynamodb._tables[name]["TableArn"]
        if policy is None:
            dynamodb._resource_policies.pop(arn, None)
        else:
            dynamodb._resource_policies[arn] = {"Policy": json.dumps(policy), "RevisionId": "1"}

    def create_table(logical_id, props, stack_name):
        made = table["create"](logical_id, props, stack_name)
        keep_policy(made[0], props)
        return made

    def update_table(physical_id, old_props, new_props, *rest, **more):
        made = table["update"](physical_id, old_props, new_props, *rest, **more)
        keep_policy(made[0], new_props)
        return made

    handlers["AWS::DynamoDB::Table"] = {**table, "create": create_table, "update": update_table}

    def put_statement(props):
        bus, sid = props["EventBusName"], props["StatementId"]
        drop_statement(props)
        policy = eventbridge._event_bus_policies.get(bus) or {"Version": "2012-10-17", "Statement": []}
        statements = [*policy["Statement"], {"Sid": sid, **props["Statement"]}]
        eventbridge._event_bus_policies[bus] = {**policy, "Statement": statements}

    def drop_statement(props):
        eventbridge._remove_permission({"EventBusName": props["EventBusName"], "StatementId": props["StatementId"]})

    def create_statement(logical_id, props, stack_name):
        put_statement(props)
        physical_id = f"{stack_name}-{logical_id}"
        return physical_id, {"Id": physical_id}

    def update_statement(physical_id, old_props, new_props, stack_name):
        drop_statement(old_props)
        put_statement(new_props)
        return physical_id, {"Id": physical_id}

    handlers["AWS::Events::EventBusPolicy"] = {
        "create": create_statement,
        "update": update_statement,
        "delete": lambda physical_id, props: drop_statement(props),
    }

    def table_policy_for_arn(arn):
        of_table = re.sub(r"(:table/[^/]+)/.*", r"\1", arn)
        found = dynamodb._resource_policies.get(of_table)
        return found and (found["Policy"], of_table.split(":")[4])

    def bus_policy_for_arn(arn):
        found = ":event-bus/" in arn and eventbridge._event_bus_policies.get(arn.split(":event-bus/")[1])
        return (found, arn.split(":")[4]) if found else None

    dynamodb.table_policy_for_arn = table_policy_for_arn
    eventbridge.bus_policy_for_arn = bus_policy_for_arn
    iam_evaluator._RESOURCE_POLICY_LOOKUPS["dynamodb"] = ("dynamodb", "table_policy_for_arn")
    iam_evaluator._RESOURCE_POLICY_LOOKUPS["events"] = ("eventbridge", "bus_policy_for_arn")


def streams_go_on_where_they_failed():
    """Reads a DynamoDB stream again from the first record that a function says it failed at (AWS Lambda Developer Guide,
    "Configuring partial batch response with DynamoDB and Lambda"). ministack 1.5.33 takes that for a success."""
    from ministack.services import dynamodb, lambda_svc

    execute = lambda_svc._execute_function

    def execute_and_heed(function, event):
        result = execute(function, event)
        records = event.get("Records") if isinstance(event, dict) else None
        source = records[0].get("eventSourceARN", "") if records else ""
        if result.get("error") or ":dynamodb:" not in source:
            return result
        body = result.get("body")
        answer = json.loads(body) if isinstance(body, str) else body
        failures = [one["itemIdentifier"] for one in (answer or {}).get("batchItemFailures", [])]
        if not failures:
            return result
        table, _ = lambda_svc._dynamodb_stream_table_from_arn_spec(lambda_svc.parse_arn(source))
        for _, _, mapping in lambda_svc._iter_all_esms():
            if mapping["EventSourceArn"] != source or mapping["FunctionName"] != function["config"]["FunctionName"]:
                continue
            position = lambda_svc._dynamodb_stream_positions[mapping["UUID"]]
            read = dynamodb.stream_records_since(table, position, mapping.get("BatchSize", 100))
            numbers = [record["dynamodb"]["SequenceNumber"] for record in read]
            done = min((numbers.index(number) for number in failures if number in numbers), default=0)
            lambda_svc._dynamodb_stream_positions[mapping["UUID"]] = position + done
        return {**result, "error": True}

    lambda_svc._execute_function = execute_and_heed


def import_as_security_hub():
    """Has BatchImportFindings ignore a finding whose UpdatedAt is not newer, and say when it took one.

    Security Hub ignores such a finding and counts it as a success (AWS Security Hub User Guide, "BatchImportFindings
    for finding providers"), and sets ProcessedAt (AwsSecurityFinding); moto 5.2.5 keeps whatever comes last.
    """
    from moto.securityhub.models import SecurityHubBackend

    import_findings = SecurityHubBackend.batch_import_findings
    lock = threading.Lock()

    def instant(finding):
        return datetime.datetime.fromisoformat(finding["UpdatedAt"].replace("Z", "+00:00"))

    def import_newer(self, findings):
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        with lock:
            held = {finding.id: finding.data for finding in self.findings}
            newer = [f for f in findings if f["Id"] not in held or instant(f) > instant(held[f["Id"]])]
            for finding in newer:
                finding["ProcessedAt"] = now.replace("+00:00", "Z")
            failed, imported, failures = import_findings(self, newer)
            return failed, imported + len(findings) - len(newer), failures

    SecurityHubBackend.batch_import_findings = import_newer


def look_up_findings():
    """Has GetFindings answer with the findings that are asked for, by the filters of equality on what a finding is
    called; moto 5.2.5 answers with all."""
    from moto.securityhub.models import SecurityHubBackend
    from moto.utilities.paginator import paginate

    names = ("Id", "ProductArn", "AwsAccountId", "ProductName")

    def fits(finding, filters):
        return all(
            any(one.get("Comparison") == "EQUALS" and finding.get(name) == one.get("Value") for one in filters[name])
            for name in names
            if filters.get(name)
        )

    @paginate(pagination_model=SecurityHubBackend.PAGINATION_MODEL)
    def get_findings(self, filters=None, sort_criteria=None, max_results=None):
        return [finding.as_dict() for finding in self.findings if fits(finding.data, filters or {})]

    SecurityHubBackend.get_findings = get_findings


def take_notes():
    """Takes notes and workflows by BatchUpdateFindings, which moto 5.2.5 lacks (Security Hub API Reference,
    "BatchUpdateFindings"): they are the customer's own, and no import changes them."""
    from moto.securityhub import urls
    from moto.securityhub.responses import SecurityHubResponse

    def batch_update_findings(self):
        request = json.loads(self.body)
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        processed, unprocessed = [], []
        for identifier in request.get("FindingIdentifiers", []):
            found = [
                finding
                for finding in self.securityhub_backend.findings
                if finding.id == identifier["Id"] and finding.data.get("ProductArn") == identifier["ProductArn"]
            ]
            for finding in found:
                if "Note" in request:
                    finding.data["Note"] = {**request["Note"], "UpdatedAt": now}
                if "Workflow" in request:
                    finding.data["Workflow"] = request["Workflow"]
            if found:
                processed.append(identifier)
            else:
                missing = {"ErrorCode": "FindingNotFound", "ErrorMessage": "Finding Not Found"}
                unprocessed.append({"FindingIdentifier": identifier, **missing})
        return json.dumps({"ProcessedFindings": processed, "UnprocessedFindings": unprocessed})

    SecurityHubResponse.batch_update_findings = batch_update_findings
    urls.url_paths["{0}/findings/batchupdate$"] = SecurityHubResponse.dispatch


def keep_what_an_update_leaves_out():
    """Keeps the parts of a cluster's VPC configuration that an update does not name (EKS API Reference,
    UpdateClusterConfig); moto 5.2.5 forgets them."""
    from moto.eks.models import EKSBackend

    update = EKSBackend.update_cluster_config

    def update_some(self, name, resources_vpc_config=None, **more):
        cluster = self.clusters.get(name)
        if cluster and resources_vpc_config:
            resources_vpc_config = {**cluster.resources_vpc_config, **resources_vpc_config}
        return update(self, name=name, resources_vpc_config=resources_vpc_config, **more)

    EKSBackend.update_cluster_config = update_some


if __name__ == "__main__":
    # Where this file lies is no place to import from.
    del sys.path[0]
    threading.Thread(target=end_with_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    module = sys.argv[0]
    if module == "ministack":
        let_services_publish_events()
        find_cjs_handlers()
        allow_batches_by_their_action()
        count_as_secure_transport()
        schedules_have_their_group()
        streams_go_on_where_they_failed()
        tell_leading_keys()
        callers_are_known_to_policies()
        buses_and_tables_have_policies()
    if module == "moto.server":
        keep_what_an_update_leaves_out()
    if module == "moto.server" and os.environ.get("MOTO_AS_SECURITY_HUB") == "1":
        import_as_security_hub()
        look_up_findings()
        take_notes()
    runpy.run_module(module, run_name="__main__", alter_sys=True)
