# %% [markdown] most_cells=33 most_words=1008 most_lines=113
# # 4. Rank selection
#
# Chapter 4 of 24 · 15 minutes to read, 40 more for the questions · about a minute of computing
#
# **You will measure** how accuracy grows with the rank $r$, what each rank costs, how `alpha` and the
# learning rate can fool you, and which rank your numbers defend.
#
# **You need** the update $\Delta W = \frac{\alpha}{r} BA$ ([chapter 1](01_low_rank_update.ipynb)), its quiet
# start ([chapter 2](02_quiet_start.ipynb)), its scale ([chapter 3](03_scale.ipynb)). New words:
# [glossary](glossary.ipynb). First, what do you remember?

# %%
from peft import LoraConfig

from lora_course import MatchingTask, RankExperiment, adapt, adapter_state, at_best_rates
from lora_course import choose_rank, claim, claims, count_trainable, estimate_model_memory
from lora_course import evaluate, fit, predict, print_comparison, rank_sweep, recall, summarize
from lora_course.chapters.ch04_rank_selection import experiment, explorer, figure
from lora_course.chapters.ch04_rank_selection import questions as ch04
from lora_course.display.plots import rank_curve
from lora_course.tasks.matching import comparison_task

recall(chapter=4)

# %% [markdown]
# ## What the rank controls
#
# The rank caps the directions in which $\Delta W$ can move a layer. Too few, and it cannot express the
# change you want (*underfitting*); too many cost memory, and can fit the noise of a small data set.
#
# **Question (a)** · easy, 3 minutes. Count what trains in all layers. `layer_dim` is $d$ for a square
# matrix, or a pair `[d_out, d_in]`. Stuck? In a new cell: `ch04.lora_params.hint()`,
# `ch04.lora_params.hint(2)`, `ch04.lora_params.solution()`.


# %% tags=["exercise", "nbval-check-output"] question="lora_params"
def estimate_lora_params(layer_dim, rank, num_layers=32):
    """Trainable LoRA parameters: one adapted matrix in each of num_layers layers."""
    # solution
    d_out, d_in = (layer_dim, layer_dim) if isinstance(layer_dim, int) else layer_dim
    return num_layers * rank * (d_out + d_in)
    # blank
    # return ...
    # end


ch04.lora_params.check(estimate_lora_params)

# %% [markdown]
# ## What a rank costs
#
# Adapter, gradients and optimizer state all grow linearly with $r$. The rest of training hardly
# knows $r$: frozen weights, and activations kept for the backward pass. Move the controls.
# When does the rank matter? (Try nf4, $r = 256$, 256 tokens.)

# %%
explorer.rank_explorer()

# %% [markdown]
# A common sketch: $2rd$ parameters a layer, 4 bytes of optimizer state each. For Llama-3.1-8B, all linear
# layers, it goes wrong three times: one square matrix a layer, one of Adam's two averages, nothing else.

# %% tags=["nbval-check-output"]
r16, r64 = (estimate_model_memory("Llama-3.1-8B", rank=rank) for rank in (16, 64))
counted, sketch = experiment.count_with_peft("Llama-3.1-8B", rank=16), 2 * 16 * 4096 * 32
sketch_mb = 4 * sketch / 1e6
print(f"parameters: sketch {sketch:,}, PEFT {counted:,}")  # counting takes 4 seconds
claims(
    claim("PEFT counts as many as r·(d_out + d_in)", counted, equals=r16["lora_params"]),
    claim("the sketch is over 10 times too small", r16["optimizer_mb"] / sketch_mb, above=10),
    claim("rank 64 takes at most 10% more", r64["total_mb"] / r16["total_mb"], below=1.10),
)

# %% [markdown]
# [PEFT's benchmark](https://github.com/huggingface/peft/tree/main/method_comparison) on Llama-3.2-3B (query and
# value): from $r = 32$ to 64, 1.2% more memory, about 3% more time.
#
# **Question (b)** · easy, 4 minutes. MB ($10^6$ bytes) of adapter, gradients and optimizer state (AdamW),
# when all are stored in `bytes_per_value` bytes: 4 in PEFT by default, even on a bf16 base.


# %% tags=["exercise", "nbval-check-output"] question="adapter_memory"
def adapter_memory(lora_params, bytes_per_value=4):
    """A dict with adapter_mb, gradients_mb and optimizer_mb."""
    # solution
    one_copy = lora_params * bytes_per_value / 1e6
    return {"adapter_mb": one_copy, "gradients_mb": one_copy, "optimizer_mb": 2 * one_copy}
    # blank
    # return ...
    # end


ch04.adapter_memory.check(adapter_memory)

# %% [markdown]
# ## A task whose true rank is known
#
# Do two items $x_1, x_2$ match? The truth is
# $x_1^\top (W + D)\, x_2 > 0$; the model knows $W$, and $D$ has rank 8: it is *planted*. The nearest update
# of rank $r$ keeps $D$'s leading singular directions (Eckart–Young); its accuracy is a ceiling, to about a
# thousandth. Six learning rates, three seeds (15 seconds): new examples, $A$ and order.

# %%
guess = predict("From which rank on does accuracy stop rising?", (2, 4, 8, 16, 32))

# %%
task, ranks = MatchingTask(true_rank=8), (1, 2, 4, 8, 16, 32, 64)
rates = (0.0025, 0.005, 0.01, 0.02, 0.04, 0.08)
options = {"mode": "stacked", "progress": False}  # all runs of a rate trained at once
planted = {}
for rate in rates:
    planted[rate] = rank_sweep(task, ranks, learning_rate=rate, seeds=range(3), **options)
tuned = summarize(at_best_rates(planted))  # of each rank the runs at its best rate
ceiling = dict(zip(ranks, task.ceilings(ranks)))
lines = {"each at its best rate": tuned, "all at 0.04": summarize(planted[0.04])}
rank_curve(lines, ceiling, guess=guess)

# %% tags=["nbval-check-output"]
best = {row.rank: row.accuracy for row in tuned}
at_one = experiment.accuracies(planted[0.04])
claims(
    claim("rank 4 comes within 0.03 of its ceiling", ceiling[4] - best[4], below=0.03),
    claim("the planted rank, 8, beats half of it by more than 0.1", best[8] - best[4], above=0.1),
    claim("each at its best rate, 64 gains less than 0.02 on 8", best[64] - best[8], below=0.02),
    claim("at the one rate 0.04, 64 seems worse than 8", at_one[8] - at_one[64], above=0.02),
)

# %%
explorer.planted_rank_explorer()  # at the one rate 0.01: quick to look at, not to decide by

# %% [markdown]
# ## Real text: at which learning rate?
#
# Small ranks often suffice: for GPT-3 on MultiNLI, adapted in the query and value matrices,
# [LoRA's authors](https://arxiv.org/abs/2106.09685) reported 91.3, 91.4, 91.3, 91.6 and 91.4 at $r$ = 1, 2, 4,
# 8 and 64 (±0.1). Larger ones pay where data hold much that is new: code and mathematics still gained at 256
# ([Biderman et al.](https://arxiv.org/abs/2405.09673)). How much data asks for which rank,
# [people ask for a formula](https://github.com/axolotl-ai-cloud/axolotl/issues/3652); chapter 14 measures it.
#
# Two tasks, with PEFT, on the shipped model: find typos; write code. Computed beforehand
# (`python -m lora_course.chapters.ch04_rank_selection.measure_curves`), three seeds, $\alpha = r$. Read one
# line of a panel, then all.

# %%
typos, style = experiment.load_curve("typos"), experiment.load_curve("style-shift")
rates_shown = (0.001, 0.002, 0.004, 0.008)
figure.draw_curves({"typo detection": typos, "style shift": style}, rates_shown)

# %% tags=["nbval-check-output"]
rate_of, one_rate = experiment.rates_of(typos), experiment.scores_at(typos, 0.004)
best, losses = experiment.scores(typos), experiment.scores(style)
at_edge = experiment.ranks_at_edge(typos) + experiment.ranks_at_edge(style)
gains = [losses[1] - losses[4], losses[4] - losses[16], losses[16] - losses[64]]
claims(
    claim(
        "typos: rank 64's best rate is at most half of rank 4's",
        rate_of[4] / rate_of[64],
        above=1.9,
    ),
    claim("typos, all at 0.004: rank 4 beats 64", one_rate[4] - one_rate[64], above=0.1),
    claim("typos, each at its best rate: rank 64 beats 4", best[64] - best[4], above=0.02),
    claim("style, each at its best rate: each step up gains", min(gains), above=0.01),
    claim("no rank of either task does best at an edge of its rates", len(at_edge), equals=0),
)

# %% [markdown]
# At one rate a better rank cannot be told from a better step size.
# [PEFT's benchmark](https://github.com/huggingface/peft/tree/main/method_comparison) shows how: on Llama-3.2-3B
# and MetaMathQA (query and value, one rate, one seed) rank 64 scored .474 with `lora_alpha=128`, and .513
# with `lora_alpha=64, use_rslora=True`; what it forgot of other text rose from .059 to .111. What differs
# is the scale of the update, $128/64 = 2$ and $64/\sqrt{64} = 8$: a step four times as large, no better
# rank ([chapter 3](03_scale.ipynb)). So: one alpha rule, several rates.
#
# ## From habit to decision
#
# "Start at 8 or 16, go up if it underfits" is a habit; a sweep makes it a decision.
#
# **Question (c)** · harder, 12 minutes. Write that sweep. Each run: `adapt` a fresh `task.model()` with
# `alpha = rank`, `fit` it on `task.train(seed)` (the history has `.seconds`), `evaluate` on `task.test()`. Pass
# `seed=seed` to `adapt` and `fit` too; leave the rest at its defaults. Checking trains: 5 seconds.


# %% tags=["exercise", "nbval-check-output"] question="rank_comparison"
def run_rank_comparison(layer_dim, ranks, num_layers=1, seeds=(0, 1, 2)):
    """One RankExperiment for every rank and seed, with measured accuracy and training time."""
    task = comparison_task(layer_dim, num_layers)
    # solution
    runs = []
    for seed in seeds:
        for rank in ranks:
            model = adapt(task.model(), rank, alpha=rank, seed=seed)
            history = fit(model, task.train(seed), seed=seed, progress=False)
            accuracy = evaluate(model, task.test())
            params = count_trainable(model)
            state = adapter_state(model)
            runs.append(RankExperiment(rank, rank, params, accuracy, history.seconds, seed, state))
    return runs
    # blank
    # # RankExperiment(rank, alpha, trainable_params, accuracy, training_time_seconds, seed, adapter)
    # return ...
    # end


ch04.rank_comparison.check(run_rank_comparison)

# %% [markdown]
# Now six rates: four ranks, five seeds (10 seconds), a tenth of the labels wrong. The planted rank is 32.

# %%
guess = predict("Which rank will the numbers defend?", (4, 8, 16, 32))

# %%
noisy, sweeps = comparison_task(layer_dim=64), {}
for rate in rates:
    sweeps[rate] = rank_sweep(noisy, learning_rate=rate, seeds=range(5), **options)
    print(f"rate {rate:g} alone would choose rank {choose_rank(sweeps[rate]).rank}")
runs = at_best_rates(sweeps)
print_comparison(runs)

# %% [markdown]
# **Question (d)** · harder, 10 minutes. Choose: the smallest rank that the best does not beat by more
# than one standard error. Seeds are paired, so take the differences seed by seed. `accuracies` has a row
# a rank, the smallest first, and a column a seed. With a single seed nobody can tell: return
# `"rank": None`.


# %% tags=["exercise", "nbval-check-output"] question="choice"
from statistics import fmean, stdev


def choose_rank_by_hand(ranks, accuracies):
    """A dict: rank, best_rank, difference (best minus chosen, mean) and its standard_error."""
    # solution
    means = [fmean(row) for row in accuracies]
    best = means.index(max(means))
    if len(accuracies[0]) < 2:
        return {"rank": None}
    for rank, row in zip(ranks, accuracies):
        gaps = [b - a for a, b in zip(row, accuracies[best])]
        difference, error = fmean(gaps), stdev(gaps) / len(gaps) ** 0.5
        if difference <= error:
            break
    keys = ("rank", "best_rank", "difference", "standard_error")
    return dict(zip(keys, (rank, ranks[best], difference, error)))
    # blank
    # return ...
    # end


ch04.choice.check(choose_rank_by_hand)

# %%
decision = choose_rank(runs)
print(decision)
lines = {"rate 0.0025": sweeps[0.0025], "rate 0.08": sweeps[0.08], "each at its best": runs}
summaries = {label: summarize(chosen) for label, chosen in lines.items()}
rank_curve(summaries, chosen=decision.rank, guess=guess)

# %% tags=["nbval-check-output"]
low, high, best = map(experiment.accuracies, (sweeps[0.0025], sweeps[0.08], runs))
apart = max(best.values()) - min(best.values())
claims(
    claim("at the lowest rate, rank 32 beats 4", low[32] - low[4], above=0.03),
    claim("at the highest, rank 4 beats 32", high[4] - high[32], above=0.01),
    claim("each at its best rate, all four are within 0.01", apart, below=0.01),
    claim("the defended rank is below the planted one, 32", decision.rank, below=32),
)

# %% [markdown]
# In a sweep at one rate, the rate would have chosen the rank. One standard error is a weak test: all four
# ranks are near, and other seeds may choose another. (Each rank's rate was chosen on the same test pairs
# that we report, so all accuracies are a little too high.)
#
# ## Which decision does this change?
#
# **The rank.** Your recipe card:
#
# 1. `LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM")`; for labels
#    `"SEQ_CLS"`, so that the new head trains. The same alpha at every rank (chapter 3).
# 2. Ranks 4, 8, 16, 32; three rates, each double the last; halve or double at an edge until no rank has its
#    best mean there. Begin near [2e-4](https://arxiv.org/abs/2305.14314) for 7 billion parameters; small
#    models want far more.
# 3. Three to five seeds, the same for all; steps, batch and data as in your final run.
# 4. The smallest rank within one standard error of the best. One seed cannot tell. If it is the largest
#    rank tried, try its double.
# 5. Then memory: where the rank hardly counts in the total, a smaller one saves little.
#
# `lora-course compare-ranks` runs this on your model and data, and says which rate to add. By hand, a run:

# %%
import torch
from peft import get_peft_model
from lora_course.core.training import fit_text
from lora_course.tasks.style import StyleShift

code = StyleShift(batch_size=4)  # the shipped model, to learn Python code


def train(config, learning_rate, seed):
    """Held-out loss (nats a token) after 20 steps."""
    torch.manual_seed(seed)  # PEFT draws A
    model = get_peft_model(code.model(), config)
    fit_text(model, code, seed=seed, steps=20, learning_rate=learning_rate, progress=False)
    return code.loss(model)


# %% [markdown]
# **Question (e)** · harder, 12 minutes. Write points 1 to 3 for any such `train`. For a model of your own, only
# `train` changes: a fresh base, your optimizer and schedule, a held-out loss. The check brings a `train` of
# which it knows the losses.


# %% tags=["exercise", "nbval-check-output"] question="sweep"
def sweep(train, ranks, rates, seeds):
    """{rank: {rate: [a loss a seed]}}, with as many rates as it takes."""
    # solution
    losses = {rank: {} for rank in ranks}
    rates = sorted(rates)
    while True:
        for rank in ranks:
            config = LoraConfig(r=rank, lora_alpha=16, target_modules="all-linear")
            for rate in rates:
                if rate not in losses[rank]:
                    losses[rank][rate] = [train(config, rate, seed) for seed in seeds]
        best = [min(row, key=lambda rate: sum(row[rate])) for row in losses.values()]
        if rates[0] in best:
            rates.insert(0, rates[0] / 2)
        elif rates[-1] in best:
            rates.append(2 * rates[-1])
        else:
            return losses
    # blank
    # return ...
    # end


ch04.sweep.check(sweep)

# %%
losses = sweep(train, ranks=[4, 16], rates=[0.002, 0.004, 0.008], seeds=[0, 1, 2])  # 15 seconds
figure.draw_sweep(losses)

# %% [markdown]
# ## Remember
#
# - $r$ caps the directions of change; data decide how many pay.
# - Rank moves the trained slice of memory, rarely the whole.
# - Each rank at its best learning rate, paired seeds, the smallest rank within one standard error.
#
# Next: what an adapter costs, in [chapter 5](05_counting_parameters.ipynb).
#
# **Sources:** [LoRA](https://arxiv.org/abs/2106.09685) ·
# [LoRA Learns Less and Forgets Less](https://arxiv.org/abs/2405.09673) ·
# [PEFT's method comparison](https://github.com/huggingface/peft/tree/main/method_comparison) ·
# [glossary](glossary.ipynb)
