# %% [markdown]
# # 5. Counting parameters
#
# Chapter 5 of 24 · 15 minutes to read, 20 more for the questions · ten seconds of computing
#
# **You will measure** how many numbers an adapter trains in any model, how large its file is, and what
# stays frozen without a word.
#
# **You need** $r\,(d_{out}+d_{in})$ numbers a matrix ([chapter 1](01_low_rank_update.ipynb)). New words:
# [glossary](glossary.ipynb). First, what do you remember?

# %%
from peft import LoraConfig

from lora_course import claim, claims, estimate_lora_params, predict, recall
from lora_course.chapters.ch05_counting_parameters import experiment, explorer, figure
from lora_course.chapters.ch05_counting_parameters import questions as ch05
from lora_course.memory import count_parameters
from lora_course.models.architectures import MODELS

recall(chapter=5)

# %% [markdown]
# ## Shapes, not squares
#
# With *grouped-query attention* (GQA) several heads of queries share one head of keys and one of values:
# `k_proj` and `v_proj` have fewer rows. By hand: an input of width 8; four heads of queries, two of keys
# and of values, each of width 2; $r=1$.
#
# |matrix|$d_{out}\times d_{in}$|numbers in $A$ and $B$|
# |-|-|-|
# |`q_proj`, `o_proj`|$8\times8$|16 each|
# |`k_proj`, `v_proj`|$4\times8$|12 each|
#
# Together 56; four squares make 64. The MLP's matrices are longer than squares. No weights are needed to
# count: on PyTorch's *meta device* a tensor has a shape, a type and no values. There `count_parameters`
# lets PEFT adapt any model.

# %% tags=["nbval-check-output"]
by_peft = count_parameters("Llama-3.1-8B", LoraConfig(r=16, target_modules="all-linear"))
shapes, layers = MODELS["Llama-3.1-8B"].matrices(), MODELS["Llama-3.1-8B"].layers
one = {name: estimate_lora_params(shapes[name], 16, layers) for name in shapes}
by_hand, square = sum(one.values()), estimate_lora_params(4096, 16, layers)
header = by_peft.file_bytes - 4 * by_peft.trainable
claims(
    claim("Llama-3.1-8B: PEFT trains as many as the shapes say", by_peft.trainable, equals=by_hand),
    claim("8B: seven squares a layer are over a quarter too few", 7 * square / by_hand, below=0.75),
    claim("8B: k_proj trains 0.625 of q_proj", one["k_proj"] / one["q_proj"], equals=0.625),
    claim("8B: the file has 4 bytes a number, below 0.1 MB more", header / 1e6, above=0, below=0.1),
)

# %% [markdown]
# **Question (a)** · medium, 7 minutes. Count from a `config.json`: `hidden_size` (what a block reads and
# writes), `intermediate_size` (the MLP's inside), `num_hidden_layers`, `num_attention_heads`,
# `num_key_value_heads`, `head_dim`. `o_proj` leads from all query heads back to `hidden_size`. Stuck? In a
# new cell: `ch05.count.hint()`, `.hint(2)`, `.solution()`.


# %% tags=["exercise", "nbval-check-output"] question="count"
def count_adapter(config, rank, targets):
    """Numbers that train; targets: some of q_proj … o_proj, gate_proj, up_proj, down_proj."""
    # solution
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    queries = config["num_attention_heads"] * config["head_dim"]
    keys = config["num_key_value_heads"] * config["head_dim"]
    sides = {"q_proj": hidden + queries, "k_proj": hidden + keys, "v_proj": hidden + keys}
    sides |= {"o_proj": queries + hidden, "gate_proj": inner + hidden, "up_proj": inner + hidden}
    sides |= {"down_proj": hidden + inner}
    return config["num_hidden_layers"] * rank * sum(sides[name] for name in targets)
    # blank
    # return ...
    # end


ch05.count.check(count_adapter)

# %% [markdown]
# ## What is in the file
#
# A *header* with names and shapes; then the numbers. PEFT keeps $A$ and $B$ in fp32, 4 bytes each, even
# on a bf16 base. `modules_to_save` trains and saves *whole* modules, in the base's type. Guides for new
# tokens give it `embed_tokens` and `lm_head` (the output head): vocabulary × `hidden_size` numbers each.
# `trainable_token_indices` trains only the rows of some tokens. Many small models have *tied* embeddings:
# one matrix serves as both.
#
# Llama-3.1-8B in bf16, rank 16:

# %%
guess = predict("Embeddings and head saved, too: how many times the file?", (2, 5, 13, 40))

# %%
files = {"Llama-3.1-8B": {}, "Llama-3.2-1B": {}}  # the second one is tied
for model, rows in files.items():
    for what, more in experiment.SAVED.items():
        config = LoraConfig(r=16, target_modules="all-linear", **more)
        rows[what] = experiment.counted(model, config)
figure.draw_files(files, guess)

# %% tags=["nbval-check-output"]
alone, tokens, _, both = files["Llama-3.1-8B"].values()
tied_alone, *_, tied = files["Llama-3.2-1B"].values()
embeddings, head = tied.numbers["embeddings"], tied.numbers["head"]
claims(
    claim("8B, + both: over 13 times the file", both.file / alone.file, above=13, below=14),
    claim("8B, + both: over 25 times the numbers that train", both.trains / alone.trains, above=25),
    claim("8B, + 3 tokens: less than 0.1% more", tokens.file / alone.file - 1, below=0.001),
    claim("1B, + both: over 24 times the file", tied.file / tied_alone.file, above=24),
    claim("1B: its one tied matrix trains and is saved as two", head, equals=embeddings),
    guess=guess,
)

# %% [markdown]
# On an fp32 base the file grows as the numbers do. (`ensure_weight_tying=True` trains the tied two as one;
# the file holds both.)
#
# **Question (b)** · easy, 5 minutes. The bytes of such a file without its header. `adapter`: numbers in
# all $A$ and $B$; `saved`: list of modules saved whole; `tokens`: how many single rows.


# %% tags=["exercise", "nbval-check-output"] question="size"
def data_bytes(adapter, vocabulary, hidden, saved, tokens, base_bytes):
    """Bytes of the file's numbers; base_bytes: 2 for a base in bf16, 4 in fp32."""
    # solution
    whole = len(saved) * vocabulary * hidden * base_bytes
    return 4 * adapter + whole + 4 * tokens * hidden
    # blank
    # return ...
    # end


ch05.size.check(data_bytes)

# %% [markdown]
# ## What no target reaches
#
# PEFT adapts a module whose name is a *target*, or ends in a dot and a target. So `v_proj` does not reach
# `qkv_proj`, where some models keep three matrices *fused*. (As one it takes one $A$: in the example,
# $8+4+4+8=24$ numbers, not 40.) A target that reaches nothing is passed by; only where all miss, there
# is an error.
#
# A *mixture of experts* (MoE) has many MLPs a block, the *experts*; a small matrix, the *router*, sends
# each token to a few. transformers keeps a block's experts in two tensors, `gate_up_proj` (gate and up,
# fused) and `down_proj`. They are no modules: `target_parameters` names them, and for some families PEFT
# turns old names into them. Rank 16, by `"all-linear"`, by the seven names of question (a), and by
# attention with such parameters:

# %% tags=["nbval-check-output"]
mixtral, oss = (experiment.by_targets(name) for name in ("Mixtral-8x7B", "gpt-oss-20b"))
linear, seven = mixtral["all-linear"], mixtral["seven names"]
frozen = min(seven.frozen_experts, oss["all-linear"].frozen_experts)
warned = experiment.warnings_naming(experiment.SEVEN, "mixtral", experiment.WAYS["seven names"])
claims(
    claim("Mixtral, r = 16, all-linear: gate_up_proj gets rank 32", linear.rank, equals=32),
    claim("Mixtral, all-linear: the router trains, too", linear.numbers["router"], above=0),
    claim("Mixtral, seven names; gpt-oss, all-linear: 90% is frozen experts", frozen, above=0.9),
    claim("A small Mixtral, seven names: PEFT's warnings that name one", warned, equals=0),
    claim("gpt-oss, experts named: they train", oss["experts too"].numbers["experts"], above=0),
)

# %% [markdown]
# Twice the rank: so gate and up, now one matrix, keep $r$ directions each. Named as parameters they share
# $r$, and the router stays frozen.
#
# **Question (c)** · medium, 6 minutes. Given names of modules: which do the targets reach, and which
# targets are idle (reach none)?


# %% tags=["exercise", "nbval-check-output"] question="reach"
def reach(modules, targets):
    """A dict of two lists: adapted, of modules, and idle, of targets."""

    # solution
    def hit(module, target):
        return module == target or module.endswith("." + target)

    adapted = [m for m in modules if any(hit(m, target) for target in targets)]
    idle = [target for target in targets if not any(hit(m, target) for m in modules)]
    return {"adapted": adapted, "idle": idle}
    # blank
    # return ...
    # end


ch05.reach.check(reach)

# %% [markdown]
# Choose Phi-3, which fuses: what do the seven names reach? Which bars of an MoE have experts?

# %%
explorer.count_explorer()

# %% [markdown]
# ## Which decision does this change?
#
# **Targets.** Without experts: `LoraConfig(r=16, target_modules="all-linear")`. With them: decide whether
# they learn; if so, attention's four names and `target_parameters=["experts.gate_up_proj",
# "experts.down_proj"]`. Then ask `count_parameters(…).without`, or `lora-course memory`, what is frozen.
# (In MLX, [0.022% trained](https://github.com/ml-explore/mlx-lm/issues/571): no expert did.)
#
# **`modules_to_save`.** Why is my adapter [1 GB, not
# 79 MB](https://github.com/huggingface/trl/issues/1287), [4 GB for
# Gemma-2B](https://github.com/axolotl-ai-cloud/axolotl/issues/1511), [almost the
# model](https://github.com/unslothai/unsloth/issues/1093)? Look in it for `embed_tokens`. For new tokens:
# `trainable_token_indices`, on spare rows. Once the vocabulary is resized, PEFT saves
# [whole matrices](https://github.com/huggingface/peft/issues/2898).
#
# ## Remember
#
# - Sum $r\,(d_{out}+d_{in})$ over the real shapes; counting needs no weights.
# - File: a header, 4 bytes a number of $A$ and $B$, whole modules in the base's type.
# - Tied or not, embeddings and head are saved as two.
# - A name that reaches nothing is passed by, and so may be all experts.
#
# Next: what these numbers take while they train, in [chapter 6](06_state_memory.ipynb).
#
# **Sources:** above; [PEFT's LoRA](https://huggingface.co/docs/peft/package_reference/lora) ·
# [glossary](glossary.ipynb)
