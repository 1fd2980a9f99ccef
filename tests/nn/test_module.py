"""Modules register, iterate, move, save, restore and copy themselves as PyTorch's do."""

import copy
import pickle
from collections import OrderedDict

import pytest

import taper as torch
from taper import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.norm = nn.BatchNorm1d(3)
        self.register_buffer("quiet", torch.zeros(2), persistent=False)
        self.again = self.first

    def forward(self, x):
        return self.norm(self.first(x))


def names(pairs):
    return [name for name, _ in pairs]


def test_iteration_lists_each_once_and_under_its_first_name():
    net = Net()
    assert names(net.named_parameters()) == [
        "first.weight", "first.bias", "norm.weight", "norm.bias",
    ]  # fmt: skip
    assert names(net.named_parameters(remove_duplicate=False))[-2:] == [
        "again.weight", "again.bias",
    ]  # fmt: skip
    assert names(net.named_modules()) == ["", "first", "norm"]
    assert names(net.named_modules(remove_duplicate=False)) == ["", "first", "norm", "again"]
    assert names(net.named_modules(prefix="p")) == ["p", "p.first", "p.norm"]
    assert names(net.named_children()) == ["first", "norm"]
    assert names(net.named_buffers(prefix="b")) == [
        "b.quiet", "b.norm.running_mean", "b.norm.running_var", "b.norm.num_batches_tracked",
    ]  # fmt: skip
    assert names(net.named_parameters(recurse=False)) == []
    assert len(list(net.modules())) == 3 and len(list(net.children())) == 2


def test_state_dict_has_shared_parameters_twice_and_no_quiet_buffers():
    net = Net()
    state = net.state_dict()
    assert isinstance(state, OrderedDict)
    assert "quiet" not in state and "again.weight" in state
    state["first.weight"].fill_(7.0)
    assert net.first.weight.unique().tolist() == [7.0]
    assert not state["first.weight"].requires_grad
    assert net.state_dict(keep_vars=True)["first.weight"] is net.first.weight
    assert dict(state._metadata) == {
        "": {"version": 1},
        "first": {"version": 1},
        "norm": {"version": 2},
        "again": {"version": 1},
    }


def test_values_go_from_one_module_to_another():
    a, b = Net(), Net()
    assert repr(b.load_state_dict(a.state_dict())) == "<All keys matched successfully>"
    assert torch.equal(a.first.weight, b.first.weight)
    assert a.first.weight is not b.first.weight
    weight = b.first.weight
    b.load_state_dict({k: v * 2 for k, v in a.state_dict().items() if v.is_floating_point()})
    assert b.first.weight is weight and torch.equal(weight, a.first.weight * 2)


def test_assign_takes_the_tensors_themselves():
    layer = nn.Linear(2, 2)
    given = {"weight": torch.ones(2, 2, dtype=torch.float64), "bias": torch.zeros(2)}
    layer.load_state_dict(given, assign=True)
    assert layer.weight.dtype == torch.float64
    assert isinstance(layer.weight, nn.Parameter) and layer.weight.requires_grad
    given["weight"].fill_(7.0)
    assert layer.weight.unique().tolist() == [7.0]


def test_extra_state_is_saved_and_restored():
    class Counting(nn.Module):
        count = 0

        def get_extra_state(self):
            return {"count": self.count}

        def set_extra_state(self, state):
            self.count = state["count"]

    module = Counting()
    module.count = 7
    state = nn.Sequential(module).state_dict()
    assert state == {"0._extra_state": {"count": 7}}
    other = nn.Sequential(Counting())
    other.load_state_dict(state)
    assert other[0].count == 7
    with pytest.raises(RuntimeError, match=r"Missing key\(s\) in state_dict: \"0._extra_state\""):
        other.load_state_dict({})
    with pytest.raises(RuntimeError, match=r"Unexpected key\(s\)"):
        nn.Sequential(nn.ReLU()).load_state_dict(state)


def test_hooks_of_saving_and_loading():
    seen = []
    layer = nn.Linear(1, 1)
    layer.register_state_dict_pre_hook(lambda m, prefix, keep: seen.append(("pre", prefix, keep)))

    def post(module, state, prefix, metadata):
        state[prefix + "added"] = torch.zeros(1)

    layer.register_state_dict_post_hook(post)
    layer._register_state_dict_hook(lambda m, state, *_: OrderedDict(state, more=1))
    state = nn.Sequential(layer).state_dict(prefix="x.")
    assert seen == [("pre", "x.0.", False)]
    assert list(layer.state_dict()) == ["weight", "bias", "added", "more"]
    assert "x.0.added" in state

    def drop(module, state, prefix, metadata, strict, missing, unexpected, errors):
        state.pop(prefix + "added", None)

    def forgive(module, keys):
        keys.missing_keys.clear()

    handle = layer.register_load_state_dict_pre_hook(drop)
    layer.register_load_state_dict_post_hook(forgive)
    layer.load_state_dict({"weight": torch.ones(1, 1), "added": 3})
    handle.remove()
    with pytest.raises(RuntimeError, match="added"):
        layer.load_state_dict({"weight": torch.ones(1, 1), "added": 3})


def test_a_post_hook_of_loading_returns_nothing():
    layer = nn.ReLU()
    layer.register_load_state_dict_post_hook(lambda m, keys: keys)
    with pytest.raises(AssertionError, match="should be done inplace"):
        layer.load_state_dict({})


def test_moving_keeps_parameters_and_leaves_integers():
    net = Net()
    weight = net.first.weight
    assert net.double() is net
    assert net.first.weight is weight and weight.dtype == torch.float64
    assert net.norm.running_mean.dtype == torch.float64
    assert net.norm.num_batches_tracked.dtype == torch.int64
    net.to(torch.zeros(1, dtype=torch.float32))
    assert weight.dtype == torch.float32
    assert net.half().first.bias.dtype == torch.float16
    assert net.bfloat16().first.bias.dtype == torch.bfloat16
    assert net.float().to("cpu", torch.float64).quiet.dtype == torch.float64
    assert net.type(torch.float32).first.weight.dtype == torch.float32


def test_gradients_move_along():
    layer = nn.Linear(2, 1)
    layer(torch.ones(1, 2)).sum().backward()
    layer.double()
    assert layer.weight.grad.dtype == torch.float64
    assert torch.equal(layer.weight.grad, torch.ones(1, 2, dtype=torch.float64))


def test_meta_and_back():
    layer = nn.Linear(3, 2, device="meta")
    assert layer.weight.is_meta and layer.weight.shape == (2, 3)
    layer.to_empty(device="cpu")
    assert not layer.weight.is_meta and isinstance(layer.weight, nn.Parameter)
    layer.load_state_dict(nn.Linear(3, 2).state_dict())
    assert nn.Linear(1, 1).to("meta").bias.is_meta


def test_modes_and_gradients():
    net = Net().eval()
    assert not any(m.training for m in net.modules())
    assert all(m.training for m in net.train().modules())
    net.requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    net.requires_grad_(True)
    net(torch.ones(4, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all((p.grad == 0).all() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_apply_visits_children_first():
    seen = []
    Net().apply(lambda m: seen.append(type(m).__name__))
    assert seen == ["Linear", "BatchNorm1d", "Net"]


def test_attributes_change_their_kind():
    net = nn.Module()
    net.thing = 3
    net.thing = nn.Parameter(torch.zeros(1))
    assert "thing" in net._parameters and "thing" not in net.__dict__
    net.thing = None
    assert net.thing is None and names(net.named_parameters()) == []
    del net.thing
    net.thing = nn.ReLU()
    net.thing = None
    assert net._modules == {"thing": None}
    net.box = nn.Buffer(torch.ones(2), persistent=False)
    assert names(net.named_buffers()) == ["box"] and list(net.state_dict()) == []
    net.box = torch.zeros(3)
    assert net._buffers["box"].shape == (3,)
    assert "box" in dir(net) and "thing" in dir(net)
    del net.box
    assert not hasattr(net, "box")


def test_assignment_before_init():
    class Early(nn.Module):
        def __init__(self, value):
            self.part = value

    for value, word in (
        (nn.ReLU(), "module"),
        (nn.Parameter(torch.zeros(1)), "parameters"),
        (nn.Buffer(torch.zeros(1)), "buffer"),
    ):
        with pytest.raises(AttributeError, match=rf"assign {word} before Module.__init__\(\) call"):
            Early(value)


def test_by_dotted_path():
    net = nn.Sequential(OrderedDict(a=nn.Sequential(nn.Linear(1, 2))))
    assert net.get_submodule("a.0") is net.a[0] and net.get_submodule("") is net
    assert net.get_parameter("a.0.bias") is net.a[0].bias
    net.set_submodule("a.0", nn.Tanh())
    assert isinstance(net.a[0], nn.Tanh)
    with pytest.raises(AttributeError):
        net.set_submodule("a.9", nn.Tanh(), strict=True)


def test_copies_are_apart_and_shared_parts_stay_shared():
    net = Net()
    twin = copy.deepcopy(net)
    assert twin.again is twin.first and twin.first is not net.first
    assert isinstance(twin.first.weight, nn.Parameter)
    with torch.no_grad():
        twin.first.weight.zero_()
    assert not (net.first.weight == 0).all()


def test_pickling():
    layer = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).eval()
    back = pickle.loads(pickle.dumps(layer))
    assert repr(back) == repr(layer) and not back.training
    x = torch.ones(3, 2)
    assert torch.equal(back(x), layer(x))
    assert isinstance(back[0].weight, nn.Parameter) and back[0].weight.requires_grad


def test_state_of_old_files_gets_its_hook_tables():
    layer = nn.ReLU()
    state = {k: v for k, v in layer.__dict__.items() if "hooks" not in k}
    fresh = nn.ReLU.__new__(nn.ReLU)
    fresh.__setstate__(state)
    assert torch.equal(fresh(torch.ones(1)), torch.ones(1))


def test_batch_norm_accepts_files_without_a_count():
    norm = nn.BatchNorm1d(2)
    state = norm.state_dict()
    del state["num_batches_tracked"], state._metadata
    norm.load_state_dict(state)
    state = nn.BatchNorm1d(2).state_dict()
    del state["num_batches_tracked"]
    with pytest.raises(RuntimeError, match="num_batches_tracked"):
        norm.load_state_dict(state)


def test_a_checkpoint_without_its_prefix():
    state = nn.Sequential(OrderedDict(module=nn.Linear(1, 1))).state_dict()
    nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
    assert list(state) == ["weight", "bias"] and list(state._metadata) == [""]
    nn.Linear(1, 1).load_state_dict(state)


def test_data_parallel_wraps():
    wrapped = nn.DataParallel(nn.Linear(1, 1))
    assert list(wrapped.state_dict()) == ["module.weight", "module.bias"]
    assert wrapped(torch.ones(2, 1)).shape == (2, 1)


def test_factory_kwargs():
    assert nn.factory_kwargs({"device": "cpu", "factory_kwargs": {"dtype": 1}}) == {
        "device": "cpu",
        "dtype": 1,
    }
    with pytest.raises(TypeError, match="unexpected kwargs"):
        nn.factory_kwargs({"size": 1})
