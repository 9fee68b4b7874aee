"""Writing tensors, the same bytes each time."""
from safetensors.torch import save_file


def save(tensors, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: t.detach().clone().contiguous() for name, t in sorted(tensors.items())}, path)
