# %% [markdown]
# # 2. A quiet start
#
# Chapter 2 of 24 · 15 minutes to read, 20 more for the questions · a minute of computing
#
# **You will measure** why one of $A$ and $B$ starts at zero and the other does not, what another start
# costs in loss, and that what is frozen stays frozen.
#
# **You need** the layer $y = x W^\top + s\, x A^\top B^\top$ with $s = \alpha / r$:
# [chapter 1](01_low_rank_update.ipynb).

# %%
import torch

from lora_course import adapt, count_trainable
from lora_course.chapters.ch02_quiet_start import experiment, explorer, figure
from lora_course.chapters.ch02_quiet_start import questions as ch02
from lora_course.core.layers import lora_layers
from lora_course.core.training import fit_text
from lora_course.display.claims import claim
from lora_course.tasks.style import LINEAR, StyleShift

# %% [markdown]
# ## What moves first
#
# A pretrained model is good where it starts. An adapter that is random there makes it worse; one that is
# zero throughout may never move. What moves is in the gradients.
#
# **Question (a).** $x$ holds a row of $d_{in}$ inputs for each example, $G = \partial L / \partial y$ as
# many rows of $d_{out}$. What are $\partial L / \partial A$ and $\partial L / \partial B$? Stuck? In a
# new cell: `ch02.gradients.hint()`, `ch02.gradients.hint(2)`, `ch02.gradients.solution()`.


# %% tags=["exercise", "nbval-check-output"] question="gradients"
def adapter_gradients(x, grad_y, A, B, scaling):
    """A dict: "A", the gradient of A (r×d_in), and "B", the gradient of B (d_out×r)."""
    # solution
    return {"A": scaling * (grad_y @ B).T @ x, "B": scaling * grad_y.T @ (x @ A.T)}
    # blank
    # return ...
    # end


ch02.gradients.check(adapter_gradients)

# %% [markdown]
# Each gradient holds the *other* matrix. At $B = 0$ the gradient of $A$ is zero: $B$ moves
# first, and from the second step on $A$ does, too. With $A = 0$ they swap roles. With both zero nothing
# ever moves: zero times anything is zero. The first steps of the style shift of chapter 1, with
# adapters of rank 8 in all linear layers (3 seconds):

# %% tags=["nbval-check-output"]
task = StyleShift()
quiet, swapped, loud, dead = experiment.STARTS
norms = {start: experiment.gradient_norms(task, start) for start in (quiet, swapped, dead)}
a, b = norms[quiet].values()
claim("B = 0: the first gradient of A is 0", a[0].item(), below=1e-9)
claim("that of B is not", b[0].item(), above=0.01)
claim("in the second step A has one, too", a[1].item(), above=0.001)
claim("A = 0: it is B that waits", norms[swapped]["B"][0].item(), below=1e-9)
claim("both 0: none ever", max(norms[dead][part].max().item() for part in "AB"), below=1e-9)
figure.first_steps(norms)

# %% [markdown]
# **Question (b).** Describe any start: does the output stay the base's (`quiet`), and do $A$ and
# $B$ move in the first step?


# %% tags=["exercise", "nbval-check-output"] question="starts"
def describe_start(A, B):
    """A dict of True or False: quiet, A_moves and B_moves. A is r×d_in, B is d_out×r."""
    # solution
    return {"quiet": not (B @ A).any(), "A_moves": B.any(), "B_moves": A.any()}
    # blank
    # return ...
    # end


ch02.starts.check(describe_start)

# %% [markdown]
# A small layer learns a change of rank 4. Spread $A$ and $B$ as you like. Which starts never move?
# Which begin far above the base's loss?

# %%
explorer.start_explorer()

# %% [markdown]
# ## What a start costs
#
# The style shift again: 30 steps from each start, two seeds, two learning rates (25 seconds). Random
# means as `nn.Linear` draws its weights.

# %%
rates = (0.004, 0.01)
runs = {(s, r): experiment.train_from(task, s, r) for s in (quiet, swapped) for r in rates}
runs[loud, 0.01] = experiment.train_from(task, loud, 0.01)
still, _ = experiment.train_from(task, dead, 0.01)

# %% tags=["nbval-check-output"]
jump = min(run.before for run in runs[loud, 0.01]) - still.before
claim("both random: it starts worse than the base, by nats", jump, above=0.5)
off = max(abs(x.before - still.before) for x in runs[quiet, 0.01] + runs[swapped, 0.01])
claim("one of them 0: it starts as the base, exactly", off, below=1e-9)
late = min(q.after - x.after for q, x in zip(runs[loud, 0.01], runs[quiet, 0.01]))
claim("and is behind 30 steps later, for each seed", late, above=0.1)
claim("both 0: nothing is learnt", abs(still.after - still.before), below=1e-9)
low, high = ([s.after - q.after for q, s in zip(runs[quiet, r], runs[swapped, r])] for r in rates)
claim("0.004: A zero, B random is not behind", max(low), below=0.05)
claim("0.01: it is, for each seed", min(high), above=0.03)
shown = {f"{s}, rate {r}": [run.losses for run in two] for (s, r), two in runs.items()}
figure.loss_curves(shown)

# %% [markdown]
# The two quiet starts are not twins: at the larger rate, $A$ random with $B$ zero is ahead.
# [Hayou et al.](https://arxiv.org/abs/2406.08447) reported the same of large models, and it is the
# default of PEFT and of this course. Both random is not fatal in itself: where both are small
# enough, training goes well, too ([Li et al.](https://arxiv.org/abs/2505.23194)); try it in the
# explorer. A quiet start is the safe one: there is no spread to get right.
#
# ## What trains, and how to be sure of it
#
# A base that trains along costs the memory that LoRA saves, without any error. So count what trains
# before the first step, and compare the base bit by bit after the last.
#
# **Question (c).** Freeze a model, in place, except for the parameters called `lora_A` and `lora_B`,
# which are to train.


# %% tags=["exercise", "nbval-check-output"] question="freezing"
def freeze_all_but_adapters(model):
    """Set requires_grad of every parameter: True in adapters, False everywhere else."""
    # solution
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.split(".")[-1] in ("lora_A", "lora_B")
    # blank
    # return ...
    # end


ch02.freezing.check(freeze_all_but_adapters)

# %% tags=["nbval-check-output"]
model = adapt(task.model(), rank=8, targets=LINEAR)
shapes = [layer.base.weight.shape for layer in lora_layers(model).values()]
expected = sum(8 * (d_out + d_in) for d_out, d_in in shapes)
claim("as many train as A and B have", count_trainable(model), equals=expected)
before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
fit_text(model, task, seed=0, steps=5, learning_rate=0.004, progress=False)
changed = [n for n, p in model.named_parameters() if not torch.equal(p, before[n])]
print(f"{len(changed)} of {len(before)} matrices changed, the first: {changed[0]}")
others = sum(name[-6:] not in ("lora_A", "lora_B") for name in changed)
claim("none of them is the base's", others, equals=0)

# %% [markdown]
# ## Remember
#
# - $BA = 0$ at the start leaves the model as good as it was; one of the two must not be zero.
# - At $B = 0$, $B$ moves first and $A$ follows. The reverse is as quiet, and does worse at a large rate.
# - Count what trains before; compare what should not have after.
#
# Next: what $\alpha$ and the learning rate do, together, in [chapter 3](03_scale.ipynb).
#
# **Sources:** [LoRA](https://arxiv.org/abs/2106.09685) ·
# [The Impact of Initialization on LoRA Finetuning Dynamics](https://arxiv.org/abs/2406.08447) ·
# [Beyond Zero Initialization](https://arxiv.org/abs/2505.23194)
