"""Part A: sampling loops on a pretrained model. One file is one page of the same name."""
