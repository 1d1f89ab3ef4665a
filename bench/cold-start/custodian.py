"""How long Cloud Custodian takes to load in Lambda: its handler, and the resources of a policy on these services."""
import time

start = time.perf_counter()

import c7n.handler  # noqa: E402
from c7n.resources import load_resources  # noqa: E402

load_resources(("aws.ec2", "aws.eks", "aws.kms-key"))
print((time.perf_counter() - start) * 1000)
