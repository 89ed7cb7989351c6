"""One epoch of the cars recipe on cached embeddings in eager PyTorch, for a ratio on the same machine.

Run with any Python that can import torch: python3 tests/benchmarks/eager_epoch.py
Does the arithmetic of the reference framework's recipe and nothing else (no data loading, no callbacks, no
metrics), so it is the least time that framework can take: 4070 training rows and 4074 validation rows of 1280
numbers, skip-connection head with dropout 0.1, hard triplets with scaled margins, batch 2048, Adam.
"""
import time

import torch


def cosine_matrix(x):
    x = torch.nn.functional.normalize(x, dim=-1)
    return (1 - x @ x.T) / 2


def hard_triplet(x, labels, margin=0.5):
    distances = cosine_matrix(x)
    same = labels[:, None] == labels[None, :]
    positive = same & ~torch.eye(len(labels), dtype=torch.bool)
    farthest = (distances * positive.float()).amax(1)
    negative = (~same).float()
    nearest = (distances + (1 - negative) * distances.amax(1, keepdim=True)).amin(1)
    return torch.relu((farthest - nearest) / nearest.mean() + margin).mean()


class Head(torch.nn.Module):
    def __init__(self, dimension):
        super().__init__()
        self.gates = torch.nn.Parameter(torch.full((dimension,), -4.0))
        self.fc = torch.nn.Linear(dimension, dimension)
        self.dropout = torch.nn.Dropout(0.1)

    def forward(self, x):
        x = self.dropout(x)
        return self.fc(x) * torch.sigmoid(self.gates) + x


def main():
    torch.manual_seed(0)
    train, validation = torch.rand(4070, 1280), torch.rand(4074, 1280)
    train_labels, validation_labels = torch.arange(4070) % 98, torch.arange(4074) % 98
    head = Head(1280)
    optimizer = torch.optim.Adam(head.parameters(), lr=3e-3)
    seconds = []
    for _ in range(8):
        start = time.perf_counter()
        head.train()
        for begin in range(0, 4070, 2048):
            optimizer.zero_grad()
            loss = hard_triplet(head(train[begin : begin + 2048]), train_labels[begin : begin + 2048])
            loss.backward()
            optimizer.step()
        head.eval()
        with torch.no_grad():
            for begin in range(0, 4074, 2048):
                hard_triplet(head(validation[begin : begin + 2048]), validation_labels[begin : begin + 2048])
        seconds.append(time.perf_counter() - start)
    print(f"eager epoch: median {sorted(seconds)[len(seconds) // 2]:.3f} s")


if __name__ == "__main__":
    main()
