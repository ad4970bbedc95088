"""clients.py PROGRAM: the example estate in REST form, through the models of Azure's Python packages and back. Whatever a
model makes of it, the verdicts are those of REST, and each finding stands in the file of the same resource, at a value
that is there. Two generations of azure-mgmt-network are known: those whose models have `serialize`, and those that are
mappings."""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile

program = sys.argv[1]
root = pathlib.Path(__file__).resolve().parents[2]
# Models take out of their input what they read.
original = {path.name: json.loads(path.read_text()) for path in sorted((root / "examples/same-estate/rest").glob("*.json"))}


def value(name):
    return copy.deepcopy(original[name])


def check(files):
    """Verdict lines, facts, and where the findings point, of files by their names."""
    with tempfile.TemporaryDirectory() as folder:
        for name in files:
            (pathlib.Path(folder) / name).write_text(json.dumps(files[name], indent=2, default=str))
        said = subprocess.run(
            [program, "check", "--no-config", "--format", "json", folder], capture_output=True, text=True, check=False
        )
        assert said.returncode in (0, 1), said.stderr
        report = json.loads(said.stdout)
        verdicts, facts, places = [], [], []
        for placement in report["placements"]:
            facts += [(name, fact["value"]) for name, fact in placement["facts"].items()]
            for one in placement["requirements"]:
                names = [rule["name"] for rule in one["decided-by"]]
                verdicts.append((one["rule"], one["flow"], one["applies"], one["verdict"], names, one["witness"]))
        for finding in report["findings"]:
            at = finding["place"]
            path = pathlib.Path(at["path"])
            text = (pathlib.Path(folder) / path.name).read_bytes()[at["offset"] : at["offset"] + at["length"]]
            assert text, finding
            # Quotes and case are the writer's.
            places.append((finding["rule"], path.name, text.decode().strip('"').lower()))
        return verdicts, facts, sorted(places)


def network_models():
    from azure.mgmt.network import models

    return {
        "nsg-training.json": models.NetworkSecurityGroup,
        "vnet-freight-ml.json": models.VirtualNetwork,
        "ng-freight-ml.json": models.NatGateway,
    }


def written():
    """The estate as each model writes it: what it is called, and the files."""
    of_network = network_models()
    old = hasattr(next(iter(of_network.values())), "deserialize")
    ways = {"as_dict": lambda made: made.as_dict()}
    if old:
        ways["serialize"] = lambda made: made.serialize(keep_readonly=True)
    for way, write in ways.items():
        files = copy.deepcopy(original)
        for name, model in of_network.items():
            files[name] = write(model.deserialize(value(name)) if old else model(value(name)))
        yield f"azure-mgmt-network {way}", files
    try:
        from azure.mgmt.resource.resources import models
    except ImportError:
        return
    if hasattr(models.GenericResourceExpanded, "deserialize"):
        for way in ("as_dict", "serialize"):
            files = {}
            for name in original:
                made = models.GenericResourceExpanded.deserialize(value(name))
                files[name] = made.as_dict() if way == "as_dict" else made.serialize(keep_readonly=True)
            yield f"azure-mgmt-resource {way}", files


def learning():
    """The workspace and its compute as azure-ai-ml shows them."""
    try:
        from azure.ai.ml.entities import AmlCompute, Workspace
        from azure.ai.ml._restclient.v2024_10_01_preview import models
    except ImportError:
        return
    if not hasattr(models.Workspace, "deserialize"):
        return
    workspace = models.Workspace.deserialize(value("workspace.json"))
    compute = models.ComputeResource.deserialize(value("cpu-cluster.json"))
    files = {"workspace.json": workspace.as_dict(), "cpu-cluster.json": compute.as_dict()}
    yield "azure-ai-ml REST models as_dict", {**original, **files}
    shown = Workspace._from_rest_object(workspace)._to_dict()
    yield "azure-ai-ml Workspace _to_dict", {**original, "workspace.json": shown}
    shown = AmlCompute._load_from_rest(compute)._to_dict()
    yield "azure-ai-ml AmlCompute _to_dict", {**original, "cpu-cluster.json": shown}


# What a model does not show cannot be told: the connections of a workspace to private endpoints.
lost = {("azure-ai-ml Workspace _to_dict", "workspace/no-public-ip-without-endpoint")}

verdicts, facts, places = check(original)
assert len(verdicts) > 15 and facts and places
failed = 0
for name, files in [*written(), *learning()]:
    shown = [one for one in places if (name, one[0]) not in lost]
    parts = zip(("verdicts", "facts", "places"), (verdicts, facts, shown), check(files), strict=True)
    different = [
        (what, [one for one in was if one not in now], [one for one in now if one not in was])
        for what, was, now in parts
        if was != now
    ]
    print(f"{'differs' if different else 'equal'}: {name}")
    for what, gone, new in different:
        failed = 1
        print(f"  {what}: not any more {gone}; instead {new}")
sys.exit(failed)
