"""The core of LoRA: the layer, its training, sweeps over ranks, and the choice of one."""
