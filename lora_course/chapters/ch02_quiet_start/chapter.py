# %% [markdown] most_words=796 most_lines=72
# # 2. A quiet start
#
# Chapter 2 of 24 · 15 minutes to read, 20 more for the questions · a minute of computing
#
# **You will measure** why one of $A$ and $B$ starts at zero and the other does not, what another start
# costs in loss, and that what is frozen stays frozen.
#
# **You need** the layer $y = x W^\top + s\, x A^\top B^\top$ with $s = \alpha / r$:
# [chapter 1](01_low_rank_update.ipynb). New words: [glossary](glossary.ipynb). First, what do you remember?

# %%
import torch

from lora_course import adapt, claim, claims, count_trainable, predict, recall
from lora_course.chapters.ch02_quiet_start import experiment, explorer, figure
from lora_course.chapters.ch02_quiet_start import questions as ch02
from lora_course.tasks.style import LINEAR, StyleShift

recall(chapter=2)

# %% [markdown]
# ## What moves first
#
# A pretrained model is good where it starts. An adapter that is random there makes it worse; one that is
# all zero may never move. The gradients say what moves.
#
# **Question (a)** · harder, 8 minutes. $x$ holds a row of $d_{in}$ inputs for each example,
# $G = \partial L / \partial y$ as many rows of $d_{out}$. What are $\partial L / \partial A$ and
# $\partial L / \partial B$? Stuck? In a new cell: `ch02.gradients.hint()`, `ch02.gradients.hint(2)`,
# `ch02.gradients.solution()`.


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
# By hand, with single numbers: $A = 2$, $B = 0$, and $s = x = G = 1$. The gradient of $A$ is
# $s\,B\,G\,x = 0$, that of $B$ is $s\,A\,G\,x = 2$. A step of SGD with rate 0.1 leaves $A = 2$ and makes
# $B = -0.2$; now $A$ has a gradient, $-0.2$. Each gradient holds the *other* matrix: at $B = 0$, $B$ moves
# first, and $A$ from the second step on. With $A = 0$ they swap roles. With both zero nothing ever moves.
# The first steps of the style shift of chapter 1, adapters of rank 8 in all linear layers (3 seconds):

# %%
task = StyleShift(batch_size=4, test_bytes=6_000)
quiet, swapped, loud, dead = experiment.STARTS
norms = {start: experiment.gradient_norms(task, start) for start in (quiet, swapped, dead)}
figure.first_steps(norms)

# %% tags=["nbval-check-output"]
a, b = norms[quiet]["A"], norms[quiet]["B"]
dead_norms = norms[dead]["A"] + norms[dead]["B"]
claims(
    claim("With B = 0, the first gradient of A is 0", a[0], equals=0),
    claim("With B = 0, the first gradient of B is not 0", b[0], above=0.01),
    claim("With B = 0, A has a gradient from the second step on", a[1], above=0.001),
    claim("With A = 0, it is B whose first gradient is 0", norms[swapped]["B"][0], equals=0),
    claim("With A and B both 0, neither ever has a gradient", max(dead_norms), equals=0),
)

# %% [markdown]
# **Question (b)** · medium, 6 minutes. Describe any start: does the output stay the base's (`quiet`), and
# do $A$ and $B$ move in the first step?


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
# A small layer learns a change of rank 4. Spread $A$ and $B$ as you like. Which never move?
# Which begin far above the base's loss? Below, the same of our model, on held-out text (the *loss* is in
# nats a token; lower is better). *Random* means as `nn.Linear` draws its weights: $A$ evenly from
# $\pm 1/\sqrt{d_{in}}$, $B$ evenly from $\pm 1/\sqrt{r}$.

# %%
explorer.start_explorer()

# %% tags=["nbval-check-output"]
base = task.loss(task.model())
off, off_swapped, jump = (experiment.start_loss(task, s) - base for s in (quiet, swapped, loud))
claims(
    claim("A random, B zero starts with exactly the loss of the base", off, equals=0),
    claim("A zero, B random starts with exactly the loss of the base", off_swapped, equals=0),
    claim("Both random starts with a larger loss than the base", jump, above=0.5),
)

# %% [markdown]
# ## What a start costs
#
# Now train, 20 steps from each start. What is too small a learning rate for one start may be right for
# another. So try several, and compare each start at *its own* best rate. That must lie inside the range:
# at an edge, a rate beyond might be better. Each start gets the same three *seeds* (random draws and
# order of the data), so that they compare seed by seed. Half a minute:

# %%
guess = predict("Each at its best rate: which ends lower?", (quiet, swapped, "no difference"))

# %%
losses = {quiet: {}, swapped: {}, loud: {}}  # start -> rate -> the loss in the end, of each seed
for start, by_rate in losses.items():
    for rate in (0.002, 0.005, 0.012, 0.03):
        by_rate[rate] = experiment.train_from(task, start, rate)
figure.loss_by_rate(losses, untrained=base)

# %% tags=["nbval-check-output"]
q, s, both = losses.values()
times = experiment.best_rate(q) / experiment.best_rate(s)  # a best rate at an edge is an error
lead = experiment.lead  # by how much one start ends below another, in the seed where that is least
low, high, own, last = lead(s, q, 0.002), lead(q, s, 0.03), lead(q, s), lead(s, both)
claims(
    claim("Rate 0.002: A zero, B random reaches less loss than A random, B zero", low, above=0.02),
    claim("Rate 0.03: A random, B zero reaches less loss than A zero, B random", high, above=0.5),
    claim("A random, B zero has over twice the best rate of A zero, B random", times, above=2),
    claim("Best rates: A random, B zero reaches less loss than A zero, B random", own, above=0.04),
    claim("Best rates: both random ends with more loss than either quiet start", last, above=0.1),
    guess=guess,
)

# %% [markdown]
# At one rate alone, either quiet start can seem the better one: the order turns between small and large
# rates. Each at its best rate, $A$ random with $B$ zero is ahead, and that rate is larger.
# [Hayou et al.](https://arxiv.org/abs/2406.08447) reported the same of large models, by their theory
# because this start "allows the use of larger learning rates". Ours cannot tell whether the reason is
# which one is zero, or how wide we draw: $B$ about four times as wide as $A$.
#
# Both random has not caught up after 20 steps, even at its best rate; more may close the gap. Where both
# are small, training goes well, too ([Li et al.](https://arxiv.org/abs/2505.23194)). A quiet start is
# safe: there is no spread to get right.
#
# ## What trains, and how to be sure of it
#
# A base that trains along costs the memory that LoRA saves, and no error message tells you. So count what
# trains before the first step, and compare the base bit by bit after the last. The last cell sets the same
# start with the library [PEFT](https://huggingface.co/docs/peft).
#
# **Question (c)** · easy, 5 minutes. Freeze a model, in place, except for the parameters called `lora_A`
# and `lora_B`, which are to train.


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
ours = count_trainable(model)
changed = experiment.changed_by_training(model, task)  # names, after 5 steps
others = [name for name in changed if not name.endswith(("lora_A", "lora_B"))]

from peft import LoraConfig, get_peft_model

config = LoraConfig(r=8, lora_alpha=8, target_modules="all-linear", init_lora_weights=True)
peft_model = get_peft_model(task.model(), config)
b_parts = [p for name, p in peft_model.named_parameters() if "lora_B" in name]
not_zero, moved = sum(map(torch.count_nonzero, b_parts)).item(), task.loss(peft_model) - base
claims(
    claim("Training changed no parameter of the base", len(others), equals=0),
    claim("In PEFT's start no entry of B differs from 0", not_zero, equals=0),
    claim("PEFT's model starts with exactly the loss of the base", moved, equals=0),
    claim("PEFT trains as many numbers as our layers do", count_trainable(peft_model), equals=ours),
)

# %% [markdown]
# ## Which decision does this change?
#
# **The start: leave it alone.** `init_lora_weights=True` is the default. Before the first step an adapter
# answers exactly as the base. If it still does afterwards, $B$ never moved, or a fresh adapter was loaded
# in place of the saved one ([PEFT, issue 793](https://github.com/huggingface/peft/issues/793)).
#
# ## Remember
#
# - $BA = 0$ at the start leaves the model as good as it was; one of the two must not be zero.
# - At $B = 0$, $B$ moves first and $A$ follows. The reverse is as quiet, but did worse here.
# - Compare starts each at its own best rate: one rate for all can turn the order.
# - Count what trains before; compare what should not have after.
#
# Next: what $\alpha$ and the learning rate do, together, in [chapter 3](03_scale.ipynb).
#
# **Sources:** [LoRA](https://arxiv.org/abs/2106.09685) ·
# [The Impact of Initialization on LoRA Finetuning Dynamics](https://arxiv.org/abs/2406.08447) ·
# [Beyond Zero Initialization](https://arxiv.org/abs/2505.23194) · [glossary](glossary.ipynb)
