"""A program of twenty lines runs from end to end and learns what it should."""

import taper as torch
from taper import nn


def test_a_small_network_learns_exclusive_or():
    torch.manual_seed(0)
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([0, 1, 1, 0])
    net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5, momentum=0.9)
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 0.5
    assert losses[-1] < 0.01
    assert net(x).argmax(1).tolist() == [0, 1, 1, 0]
    assert repr(net(x).argmax(1)) == "tensor([0, 1, 1, 0])"
