# SPDX-License-Identifier: MIT
"""A figure with labels of several kinds: accents, mathematics, rotated and multi-line text."""
import matplotlib

matplotlib.use("pdf")
import matplotlib.pyplot as plt

PARTS = ["fs", "blk", "pager", "alloc", "sched", "posix"]
COSTS = [412, 388, 251, 96, 143, 207]

figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.2))
left.bar(PARTS, COSTS, color="0.6")
left.set_title("Coût par opération")
left.set_ylabel("instructions (Größe)")
left.annotate("le plus élevé", (0, 412), (2, 400), arrowprops={"arrowstyle": "->"})
right.plot(range(10), [i * i for i in range(10)], label="naïve: $n^2$")
right.plot(range(10), [3 * i for i in range(10)], label="linéaire: $3n$")
right.set_xlabel("Número de páginas\n(miles)")
right.legend()
figure.tight_layout()
figure.savefig("matplotlib.pdf", metadata={"CreationDate": None, "Title": "Coût par opération"})
