"""Looks at what SAM makes of template.yaml, which is what AWS gets to see.

    python3 infra/aws/transform.py template.yaml

functions/template_test.go judges what we wrote; this judges what comes of it, for SAM adds half of the resources, names
them itself, and cfn-lint takes its names on trust. It needs neither a network nor an account. First it breaks the result
in every way it knows, and wants each to be found.
"""

import copy
import json
import re
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """Stands for a call to IAM: nothing here names a managed policy."""

    def load(self):
        return {}


def compiled(path):
    """Returns the resources that SAM makes, with their code said to be uploaded."""
    with open(path, encoding="utf-8") as f:
        template = yaml_parse(f)
    for r in template["Resources"].values():
        if r["Type"] == "AWS::Serverless::Function":
            r["Properties"]["CodeUri"] = "s3://bucket/key"
    names = set(template["Parameters"]) | {"AWS::" + n for n in ("AccountId", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")}
    return transform(template, {}, NoManagedPolicies())["Resources"], names


def mentions(value):
    """Yields the name of everything that a value refers to."""
    if isinstance(value, list):
        for v in value:
            yield from mentions(v)
    elif isinstance(value, dict):
        for key, v in value.items():
            if key == "Ref":
                yield v
            elif key == "Fn::GetAtt":
                yield v[0] if isinstance(v, list) else v.split(".")[0]
            elif key == "Fn::Sub":
                text, given = v if isinstance(v, list) else (v, {})
                yield from (n.split(".")[0] for n in re.findall(r"\$\{([^!}]+)\}", text) if n not in given)
                yield from mentions(given)
            else:
                yield from mentions(v)


def of(resources, kind):
    return {name: r.get("Properties", {}) for name, r in resources.items() if r["Type"] == kind}


def references(resources, names):
    """Everything that is referred to is there, and nothing needs itself."""
    needs = {}
    for name, r in resources.items():
        after = r.get("DependsOn", [])
        needs[name] = set(mentions(r.get("Properties", {}))) | set([after] if isinstance(after, str) else after)
        for n in sorted(needs[name] - set(resources) - names):
            yield f"{name} refers to {n}, which is not there"
    done = set()
    while ready := {n for n, wants in needs.items() if n not in done and not wants & set(resources) - done}:
        done |= ready
    if len(done) < len(needs):
        yield "these wait for each other: " + ", ".join(sorted(set(needs) - done))


def routes(resources, _):
    """Each route has a function that API Gateway may call, and $default an answer."""
    found = {r["RouteKey"]: (name, r) for name, r in of(resources, "AWS::ApiGatewayV2::Route").items()}
    if sorted(found) != ["$connect", "$default", "$disconnect"]:
        yield f"the routes are {sorted(found)}"
    allowed = [json.dumps(p) for p in of(resources, "AWS::Lambda::Permission").values() if p["Principal"] == "apigateway.amazonaws.com"]
    for key, (name, route) in found.items():
        if not any(f'/ws/{key}"' in p and "SocketFunction" in p for p in allowed):
            yield f"API Gateway may not call the function of {key}"
        if not any("AWS::ApiGatewayV2::Integration" == resources[n]["Type"] for n in mentions(route["Target"]) if n in resources):
            yield f"{key} leads nowhere"
    answers = [r["RouteId"].get("Ref") for r in of(resources, "AWS::ApiGatewayV2::RouteResponse").values()]
    if "$default" in found and answers != [found["$default"][0]]:
        yield f"the route responses are for {answers}: what $default returns is dropped"


def doors(resources, _):
    """The Function URL can be called, and the schedule calls sweep and nothing else."""
    public = sorted(p["Action"] for p in of(resources, "AWS::Lambda::Permission").values() if p["Principal"] == "*")
    if public != ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"]:
        yield f"everybody may {public}"
    for name, s in of(resources, "AWS::Scheduler::Schedule").items():
        if "Name" in s:
            yield f"{name} has a name that another stack may have too"
        if set(mentions(s["Target"]["Arn"])) != {"SweepFunction"}:
            yield f"{name} does not call sweep"
    if len(of(resources, "AWS::Scheduler::Schedule")) != 1:
        yield "there is not one schedule"


def rights(resources, _):
    """No role has more than what is written in it, and that names what it is for."""
    for name, role in of(resources, "AWS::IAM::Role").items():
        if role.get("ManagedPolicyArns"):
            yield f"{name} has policies that are not ours: {role['ManagedPolicyArns']}"
        for policy in role.get("Policies", []):
            for s in policy["PolicyDocument"]["Statement"]:
                if '"*"' in json.dumps([s["Action"], s["Resource"]]):
                    yield f"{name} may {s['Action']} on {s['Resource']}"


CHECKS = [references, routes, doors, rights]


def faults(resources, names):
    return [f for check in CHECKS for f in check(resources, names)]


def broken(resources):
    """Yields copies of the resources with something wrong, and what that is."""
    for what, breaks in {
        "a response for no route": lambda r: r["SocketResponse"]["Properties"].update(RouteId={"Ref": "SocketApidefaultRoute"}),
        "no response": lambda r: r.pop("SocketResponse"),
        "no route": lambda r: r.pop("SocketApiConnectRoute"),
        "no permission": lambda r: r.pop("SocketApiDefaultPermission"),
        "an integration that is gone": lambda r: r.pop("SocketApiDisconnectIntegration"),
        "a cycle": lambda r: r["Viewer"].update(DependsOn="Distribution"),
        "one permission of two": lambda r: r.pop("HttpFunctionURLInvokeAllowPublicAccess"),
        "a schedule with a name": lambda r: r["SweepFunctionMinute"]["Properties"].update(Name="sweep"),
        "a schedule of another": lambda r: r["SweepFunctionMinute"]["Properties"]["Target"].update(Arn={"Fn::GetAtt": ["HttpFunction", "Arn"]}),
        "no schedule": lambda r: r.pop("SweepFunctionMinute"),
        "a managed policy": lambda r: r["HttpRole"]["Properties"].update(ManagedPolicyArns=["arn:aws:iam::aws:policy/PowerUserAccess"]),
        "a right to everything": lambda r: r["HttpRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][1].update(Resource="*"),
    }.items():
        r = copy.deepcopy(resources)
        breaks(r)
        yield what, r


def main():
    resources, names = compiled(sys.argv[1])
    found = faults(resources, names)
    found += [f"nothing is found wrong with {what}" for what, r in broken(resources) if not faults(r, names)]
    for f in found:
        print(f"{sys.argv[1]}: {f}", file=sys.stderr)
    print(f"{len(resources)} resources come of it; {len(list(broken(resources)))} ways to break them are found")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
