"""The course's terms in plain words, for readers to whom English is a second language, too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A term, what it means here, and the first chapter that uses it."""

    name: str
    meaning: str
    chapter: int


TERMS = (
    Term(
        "8-bit Adam",
        "Adam whose two averages are stored in one byte a number each, in tensors large enough.",
        6,
    ),
    Term(
        "activations",
        "What the forward pass keeps for the backward pass, such as inputs of layers that train.",
        7,
    ),
    Term("adapter", "The small trainable part that is added to a frozen model: here A and B.", 1),
    Term("alpha", "A number that you choose; BA is multiplied by alpha/r.", 1),
    Term("autocast", "PyTorch's way to compute in 16 bits what is stored in fp32.", 7),
    Term("base", "The model before fine-tuning. With LoRA its weights stay as they are.", 1),
    Term(
        "bf16",
        "A number in 2 bytes: the range of fp32 with fewer digits. fp32 takes 4 bytes.",
        1,
    ),
    Term("boundary", "What goes from one layer to the next, and its bytes.", 8),
    Term(
        "break-even",
        "The rank at which a step of LoRA takes as many FLOPs as one of full tuning.",
        9,
    ),
    Term(
        "call",
        "One use of an operation, such as a product of two matrices. It takes time of its own,"
        " however small the arrays are.",
        9,
    ),
    Term(
        "ceiling",
        "The best result that any update of a rank can reach, known where the task was made.",
        4,
    ),
    Term(
        "checkpointing",
        "Of activations: to keep only a segment's input, and compute the rest again in the backward"
        " pass. Also called gradient checkpointing.",
        8,
    ),
    Term(
        "direction",
        "One of the ways in which a matrix moves its output; r directions: an update of rank r.",
        1,
    ),
    Term("dropout", "Some numbers of an input, drawn anew each time, are set to 0 in training.", 7),
    Term(
        "Eckart–Young",
        "A theorem: of all matrices of rank r, the one that keeps the r largest singular values is"
        " nearest.",
        1,
    ),
    Term("edge", "The smallest or the largest of the values tried; one beyond may be better.", 3),
    Term(
        "embeddings",
        "A matrix with a row for each token that the model knows: what it reads in its place.",
        5,
    ),
    Term("energy", "The sum of the squares of a matrix's entries, or of its singular values.", 1),
    Term("experts", "Many MLPs in one block, of which each token passes through a few.", 5),
    Term("fall", "By how much the loss gets smaller in a step.", 3),
    Term("FLOPs", "Multiplications and additions, counted each.", 8),
    Term(
        "foreach",
        "A way to compute an optimizer's step: one operation after the other, each for all tensors."
        " The other way, fused, does all in one operation, without copies in between.",
        6,
    ),
    Term("frozen", "Not trained: no gradient, no optimizer state, no change.", 1),
    Term(
        "full tuning",
        "Training the model's own weights, without an adapter: in chapter 1 those of its linear"
        " layers, in chapter 4 all.",
        1,
    ),
    Term("fused", "Of matrices that read the same input: stored as one, such as qkv_proj.", 5),
    Term("gradient", "How the loss changes with each weight; a step goes against it.", 1),
    Term(
        "grouped-query attention",
        "Attention in which several heads of queries share one of keys and one of values: k_proj"
        " and v_proj have fewer rows than q_proj. Often just: GQA.",
        5,
    ),
    Term(
        "header",
        "The first part of a safetensors file: names, types, shapes and places of what follows.",
        5,
    ),
    Term("held-out", "Kept out of training, to judge the result by.", 1),
    Term(
        "hook",
        "A function of yours that PyTorch calls, such as for each tensor that it keeps.",
        7,
    ),
    Term(
        "input gradients",
        "How the loss changes with a layer's inputs; the layer below needs them to go on backward.",
        9,
    ),
    Term("inside", "What one layer keeps for the backward pass, its input included.", 8),
    Term("learning rate", "How far a step goes. Often just: rate.", 1),
    Term(
        "logits",
        "A language model's scores: one for each token and each word of its vocabulary.",
        7,
    ),
    Term("loss", "A number that is smaller the better the model predicts.", 1),
    Term("mask", "Of dropout: which numbers of the input were set to 0.", 7),
    Term("merge", "Add alpha/r · BA to W, so that one plain matrix is left.", 1),
    Term(
        "meta device",
        "Where PyTorch's tensors have a shape and a type, but no values and no memory.",
        5,
    ),
    Term(
        "mixture of experts",
        "A model with many MLPs, the experts, in a block, and a router that picks a few for each"
        " token. Often just: MoE.",
        5,
    ),
    Term(
        "nats",
        "The unit of a language model's loss: minus the natural logarithm of the probability that"
        " it gave the right token. 0.7 nats: one in two.",
        1,
    ),
    Term("nf4", "A number in 4 bits; a way to store the frozen base (QLoRA).", 4),
    Term(
        "optimizer state",
        "What an optimizer keeps for each trained number. Adam: two running averages, also called"
        " moments.",
        4,
    ),
    Term(
        "output head",
        "The last matrix of a language model, with a row for each token that it knows: it makes the"
        " scores. Often named lm_head.",
        5,
    ),
    Term(
        "paired seeds",
        "The same seeds for both sides of a comparison, so that luck with data and order is the"
        " same for both; one then looks at the differences, seed by seed.",
        3,
    ),
    Term("path", "All the steps of a training, one after the other.", 3),
    Term("peak", "The most bytes held at one moment.", 6),
    Term("planted", "Put into a task by its maker, so that one knows what can be found.", 3),
    Term("rank", "The number of directions of a matrix. r: the rank of the adapter.", 1),
    Term(
        "reentrant",
        "PyTorch's older checkpointing: no gradients inside where its input asks for none.",
        8,
    ),
    Term("router", "The small matrix that picks experts for a token.", 5),
    Term("rsLoRA", "A rule that divides alpha by √r in place of r.", 3),
    Term("rule", "How alpha follows the rank: fixed, alpha = r, alpha = 2r, …", 3),
    Term("scale", "The number s = alpha/r that BA is multiplied by.", 3),
    Term("seed", "The number that all random draws of a run start from.", 1),
    Term("segment", "Some layers in a row that are checkpointed as one.", 8),
    Term(
        "singular values",
        "How strongly a matrix acts in each of its directions, the strongest first.",
        1,
    ),
    Term("spread", "How far random numbers lie from 0: their standard deviation.", 2),
    Term(
        "standard error",
        "How far the mean of a few runs may be from the mean of very many: the standard deviation"
        " divided by the root of their number. Two times in three it is nearer than that, with few"
        " runs less often: a weak test.",
        4,
    ),
    Term("start", "The values of A and B before the first step.", 2),
    Term(
        "style shift",
        "The task of the shipped model: it has read documentation alone, and learns to write code.",
        1,
    ),
    Term("sweep", "The same training at several settings, to compare them.", 4),
    Term("target", "A name, or the end of one, by which PEFT finds what it adapts.", 5),
    Term("tied", "Of embeddings and output head: one matrix that serves as both.", 5),
    Term("token", "The piece of text that a language model reads and writes: a word, or less.", 1),
    Term("traced", "Of a step: run on tensors that have shapes and no values, to count bytes.", 7),
    Term("update", "ΔW, what training adds to a weight matrix W.", 1),
    Term(
        "warm-up",
        "The first rounds of a measurement of time, slower than the others, which are left out.",
        9,
    ),
    Term(
        "weight gradients",
        "How the loss changes with a layer's weights; needed only where these train.",
        9,
    ),
)
"""By name, without regard to capital letters."""
