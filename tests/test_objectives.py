"""What every objective found must keep: its derivatives are those of the loss written down anew from its equation."""

import inspect
import itertools
import re
import sys

import numpy as np
import pytest

import dynsim as ds

X = np.random.default_rng(0).normal(size=(40, 5))
TARGETS = np.random.default_rng(1).normal(size=(40, 3))
CLASSES = np.random.default_rng(2).integers(0, 3, 40)
SIGNS = np.where(X @ np.arange(5) > 0, 1.0, -1.0)
QUADRATICS = ds.tasks.random_quadratics(7, 40, seed=3)


def layer(w, x, outputs):
    """o = x W + b with w = (W, b)."""
    n = x.shape[1] * outputs
    return x @ w[:n].reshape(-1, outputs) + w[n:]


def of_network(w, jnp):
    hidden = jnp.tanh(layer(w[:24], X, 4))
    return ((layer(w[24:], hidden, 3) - TARGETS) ** 2).sum(1).mean() / 2


def of_linear(w, jnp):
    return ((layer(w, X, 3) - TARGETS) ** 2).sum(1).mean() / 2 + 0.3 * (w @ w) / 2


def of_multinomial(w, jnp):
    o = layer(w, X, 3)
    return (jnp.log(jnp.exp(o).sum(1)) - o[np.arange(40), CLASSES]).mean()


def of_binary(w, jnp):
    return jnp.log(1 + jnp.exp(-SIGNS * (X @ w))).mean() + 0.1 * (w @ w) / 2


def of_quadratic_regression(w, jnp):
    Q, G, E = QUADRATICS
    return ((jnp.einsum("aij,i,j->a", Q, w, w) / 2 + G @ w - E) ** 2).sum() / 2


def of_chain(w, jnp):
    return (jnp.prod(w) - 1.5) ** 2 / 2


MAKE = ds.objectives
#: (file, what is special) -> the objective, and its loss from the definition.
CASES = {
    ("network", ""): (MAKE.network(X, TARGETS, 4), of_network),
    ("linear_regression", ""): (MAKE.linear_regression(X, TARGETS, weight_decay=0.3), of_linear),
    ("logistic_regression", "multinomial"): (MAKE.logistic_regression(X, CLASSES), of_multinomial),
    ("logistic_regression", "binary"): (MAKE.logistic_regression(X, SIGNS, biases=False, weight_decay=0.1), of_binary),
    ("quadratic", ""): (
        MAKE.quadratic([3.0, 1.0, 0.0, -0.5]),
        lambda w, jnp: w @ (np.array([3.0, 1, 0, -0.5]) * w) / 2,
    ),
    ("quadratic_regression", ""): (MAKE.quadratic_regression(*QUADRATICS), of_quadratic_regression),
    ("quadratic_regression", "two"): (
        MAKE.quadratic_regression(*ds.tasks.two_quadratics(0.1, 0.5), start=[2.0, 1.0]),
        lambda w, jnp: ((w[0] ** 2 - 0.1 * w[1] ** 2) / 2 - 0.5) ** 2 / 2,
    ),
    ("scalar_chain", "deep"): (MAKE.scalar_chain([0.7, -1.2, 1.1, 0.4, 2.0], 1.5), of_chain),
    ("scalar_chain", "depth 1"): (MAKE.scalar_chain([0.7], 1.5), of_chain),
}
IDS = {case: " ".join(case).strip() for case in CASES}


def test_every_objective_has_a_case():
    assert {name for name, _ in CASES} == set(ds.objectives.__all__), "give the new file a case here"


@pytest.mark.parametrize("name", ds.objectives.__all__)
def test_every_file_says_what_it_computes_and_where_it_is_from(name):
    maker = getattr(ds.objectives, name)
    doc = inspect.getdoc(sys.modules[maker.__module__])
    assert len(doc.splitlines()[0]) > 15
    assert re.search(r"Source: .{5,}", doc)
    assert re.search(r"f\(.*\) = ", doc), "no equation"
    assert "Examples" in maker.__doc__ and "Raises" in maker.__doc__


@pytest.mark.parametrize("case", CASES, ids=IDS.get)
def test_derivatives_are_those_of_the_loss_from_its_definition(case):
    jax = pytest.importorskip("jax")
    objective, of_w = CASES[case]
    rng = np.random.default_rng(5)
    w, u = objective.start(1) + 0.2 * rng.normal(size=objective.size), rng.normal(size=objective.size)
    u /= np.linalg.norm(u)
    with jax.enable_x64(True):

        def loss(at):
            return of_w(at, jax.numpy)

        def product(at):
            return jax.jvp(jax.grad(loss), (at,), (u,))[1]

        third = jax.jvp(product, (w,), (u,))[1]  # of ∇²f u along u: ∇³f[u, u, ·], by symmetry
        value, slope, bend, third = map(np.asarray, (loss(w), jax.grad(loss)(w), product(w), third))
    np.testing.assert_allclose(objective.loss(w), value, rtol=1e-12)
    for found, wanted in ((objective.gradient(w), slope), (objective.hvp(w, u), bend)):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-11 * np.linalg.norm(wanted))
    assert objective.second(w, u) == pytest.approx(u @ bend, rel=1e-11, abs=1e-11 * np.linalg.norm(bend))
    found, error = objective.third(w, u)
    apart = np.linalg.norm(found - third)
    assert apart <= 1e-7 * max(np.linalg.norm(third), np.linalg.norm(bend))
    assert apart <= 10 * error + 1e-11 * np.linalg.norm(bend)


@pytest.mark.parametrize("case", CASES, ids=IDS.get)
def test_what_is_asked_in_between_does_not_move_the_point(case):
    """A worker answers for the point of its last gradient, whatever losses were asked since."""
    objective, _ = CASES[case]
    w = objective.start(0) + 0.1
    u = np.random.default_rng(6).normal(size=w.size)
    worker = objective.worker()
    worker.gradient(w, np.empty(w.size))
    before = worker.second(u), worker.hvp(u)
    worker.hvp(w)
    assert worker.second(u) == before[0]
    np.testing.assert_array_equal(worker.hvp(u), before[1])
    assert before[0] == pytest.approx(u @ before[1], rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("zeros", [(), (0,), (3,), (1, 3), (0, 2, 4)])
def test_chain_with_zeros_among_its_factors(zeros):
    """∂P/∂θᵢ and ∂²P/∂θᵢ∂θⱼ by leaving the factors out, one pair at a time."""
    w = np.array([0.7, -1.2, 1.1, 0.4, 2.0])
    w[list(zeros)] = 0
    chain = ds.objectives.scalar_chain(w, 1.5)
    r = np.prod(w) - 1.5
    c = np.array([np.prod(np.delete(w, i)) for i in range(5)])
    pairs = np.array([[0 if i == j else np.prod(np.delete(w, [i, j])) for j in range(5)] for i in range(5)])
    hessian = np.outer(c, c) + r * pairs
    np.testing.assert_allclose(chain.gradient(w), r * c, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose([chain.hvp(w, v) for v in np.eye(5)], hessian, rtol=1e-13, atol=1e-13)
    for v in np.random.default_rng(0).normal(size=(3, 5)):
        assert chain.second(w, v) == pytest.approx(v @ hessian @ v, rel=1e-12)


def test_chain_keeps_its_balance_along_gradient_flow_and_only_loses_it_slowly():
    """θᵢ² − θⱼ² is conserved by gradient flow; a step of size η changes it by η²((rcᵢ)² − (rcⱼ)²), exactly."""
    run = ds.descend(
        ds.objectives.scalar_chain([0.5, 0.8, 1.9]), ds.tuners.constant, 50, eta=0.02, keep=1, progress=False
    )
    w = run.w.values
    r = w.prod(1, keepdims=True) - 1
    c = np.stack([np.delete(w, i, 1).prod(1) for i in range(3)], 1)
    gap, push = w[:, 0] ** 2 - w[:, 2] ** 2, (r * c) ** 2
    np.testing.assert_allclose(np.diff(gap), 0.02**2 * (push[:-1, 0] - push[:-1, 2]), atol=1e-14)


@pytest.mark.parametrize("eta", [0.02, 0.08])
def test_quadratic_regression_moves_by_its_recursion_in_z_and_j(eta):
    """z' = z − ηJJᵀz + ½η²Q(Jᵀz, Jᵀz), J' = J − ηQ(Jᵀz, ·): iterated by itself, from θ = 0, beside descend."""
    Q, G, E = QUADRATICS
    model = ds.objectives.quadratic_regression(Q, G, E)
    steps = 40
    run = ds.descend(model, ds.tuners.constant, steps, eta=eta, keep=1, sharpness=1, progress=False)
    assert run.lifetime == steps + 1 and run.f[-1] < run.f[0]
    z, J = -E, G.copy()
    for t, w in enumerate(run.w.values):
        np.testing.assert_allclose(model.residuals(w), z, rtol=0, atol=1e-10)
        assert run.f[t] == pytest.approx(z @ z / 2, rel=1e-9)
        hessian = J.T @ J + np.einsum("a,aij->ij", z, Q)
        assert run.lam[t] == pytest.approx(np.linalg.eigvalsh(hessian)[-1], rel=1e-3)
        g = J.T @ z
        z, J = (
            z - eta * J @ g + eta**2 / 2 * np.einsum("aij,i,j->a", Q, g, g),
            J - eta * np.einsum("aij,i->aj", Q, g),
        )


def test_two_quadratics_move_by_the_recursion_of_their_curvatures():
    """With ηω₁ = 1: z' = z − zT₀ + ½z²T₁, T₀' = T₀ − z(2T₁ − zT₂), T₁ = (1−ε)T₀ + 2ε(z+E), T₂ = (1−ε)T₁ + εT₀."""
    eps, E, start = 0.05, 0.3, np.array([0.9, 1.4])
    model = ds.objectives.quadratic_regression(*ds.tasks.two_quadratics(eps, E), start=start)
    run = ds.descend(model, ds.tuners.constant, 60, eta=1.0, keep=1, progress=False)
    z = (start[0] ** 2 - eps * start[1] ** 2) / 2 - E
    T = start[0] ** 2 + eps**2 * start[1] ** 2
    for w in run.w.values:
        assert model.residuals(w)[0] == pytest.approx(z, abs=1e-10)
        assert w[0] ** 2 + eps**2 * w[1] ** 2 == pytest.approx(T, rel=1e-10)
        T1 = (1 - eps) * T + 2 * eps * (z + E)
        T2 = (1 - eps) * T1 + eps * T
        z, T = z - z * T + z * z * T1 / 2, T - z * (2 * T1 - z * T2)


def test_random_quadratics_have_the_size_that_is_announced():
    Q, G, E = ds.tasks.random_quadratics(40, 300, q=0.7, g=2.0, z=3.0, seed=1)
    np.testing.assert_array_equal(Q, Q.transpose(0, 2, 1))
    assert np.abs(np.linalg.eigvalsh(Q)).max(1).mean() == pytest.approx(2 * 0.7, rel=0.03)
    assert np.linalg.norm(G, axis=1).mean() == pytest.approx(2, rel=0.03)
    assert E.std() == pytest.approx(3, rel=0.4)
    assert not np.array_equal(Q, ds.tasks.random_quadratics(40, 300, q=0.7, seed=2)[0])


def test_linear_regression_descends_to_the_least_squares_solution():
    f = ds.objectives.linear_regression(X, TARGETS)
    wanted = np.linalg.lstsq(np.column_stack([X, np.ones(40)]), TARGETS)[0].ravel()
    np.testing.assert_allclose(f.gradient(wanted), 0, atol=1e-13)
    run = ds.descend(f, ds.tuners.greedy, 300, keep=300, progress=False)
    np.testing.assert_allclose(run.w[-1], wanted, rtol=1e-6)


def test_logistic_regression_of_two_classes_is_the_binary_one():
    """softmax over (0, o) is the logistic function of o: with W = (−w, w)/2 the two losses are one."""
    binary = ds.objectives.logistic_regression(X, SIGNS, biases=False)
    both = ds.objectives.logistic_regression(X, ((SIGNS + 1) / 2).astype(int), biases=False)
    w = np.arange(1.0, 6.0)
    assert both.loss(np.stack([-w, w], 1).ravel() / 2) == pytest.approx(binary.loss(w), rel=1e-14)


Q1, G1, E1 = np.eye(2)[None], np.zeros((1, 2)), np.zeros(1)
SIGNED = MAKE.logistic_regression(X, SIGNS)
NOT_SYMMETRIC = np.array([[[1.0, 2.0], [0.0, 1.0]]])
REFUSED = {
    "quadratic: no spectrum": (MAKE.quadratic, ([],), "row of finite numbers"),
    "quadratic: matrix": (MAKE.quadratic, (np.eye(2),), "row of finite numbers"),
    "quadratic: infinite": (MAKE.quadratic, ([1, np.inf],), "row of finite numbers"),
    "quadratic: start": (MAKE.quadratic, ([1.0, 2.0], [1.0]), r"start must have shape \(2,\)"),
    "chain: none": (MAKE.scalar_chain, ([],), "one for each layer"),
    "chain: nan": (MAKE.scalar_chain, ([np.nan],), "one for each layer"),
    "chain: target": (MAKE.scalar_chain, ([1.0], [1, 2]), "target must be one number"),
    "regression: shapes": (MAKE.quadratic_regression, (Q1[0], G1, E1), r"shapes \(D, P, P\), \(D, P\) and \(D,\), not"),
    "regression: sizes": (MAKE.quadratic_regression, (Q1, np.zeros((1, 3)), E1), "shapes"),
    "regression: scalar": (MAKE.quadratic_regression, (1.0, 2.0, 3.0), "shapes"),
    "regression: nan": (MAKE.quadratic_regression, (Q1 * np.nan, G1, E1), "NaN or infinite"),
    "regression: symmetry": (MAKE.quadratic_regression, (NOT_SYMMETRIC, G1, E1), "each Q_a must be symmetric; write"),
    "regression: start": (MAKE.quadratic_regression, (Q1, G1, E1, [1.0]), r"start must have shape \(2,\)"),
    "linear: lengths": (MAKE.linear_regression, (X, TARGETS[:-1]), "x has 40 samples, but y has 39"),
    "logistic: zeros among signs": (MAKE.logistic_regression, (X, SIGNS * (np.arange(40) > 0)), "class numbers 0, 1"),
    "network: activation": (lambda: MAKE.network(X, TARGETS, activation="relus"), (), "Did you mean 'relu'"),
    "network: loss": (lambda: MAKE.network(X, TARGETS, loss="square"), (), "Did you mean 'squared'"),
    "network: scaling": (lambda: MAKE.network(X, TARGETS, scaling="mup"), (), "unknown scaling 'mup'"),
    "network: width": (lambda: MAKE.network(X, TARGETS, hidden=(4, 0)), (), "widths of at least 1"),
    "network: half a width": (lambda: MAKE.network(X, TARGETS, hidden=2.5), (), "widths of at least 1"),
    "network: decay": (lambda: MAKE.network(X, TARGETS, weight_decay=-1), (), "weight_decay must be a number >= 0"),
    "network: no width": (lambda: MAKE.network(X, TARGETS, hidden=None), (), "widths of at least 1, not None"),
    "network: width as text": (lambda: MAKE.network(X, TARGETS, hidden="64"), (), "widths of at least 1, not '64'"),
    "network: width of nan": (lambda: MAKE.network(X, TARGETS, hidden=[np.nan]), (), "widths of at least 1"),
    "network: nested widths": (lambda: MAKE.network(X, TARGETS, hidden=[[3]]), (), "widths of at least 1"),
    "network: decay as text": (lambda: MAKE.network(X, TARGETS, weight_decay="a"), (), "weight_decay must be a number"),
    "network: decays": (lambda: MAKE.network(X, TARGETS, weight_decay=np.ones(2)), (), "weight_decay must be a number"),
    "network: biases": (lambda: MAKE.network(X, TARGETS, biases="no"), (), "biases must be True or False, not 'no'"),
    "quadratic: text": (MAKE.quadratic, ("ab",), "spectrum must hold numbers"),
    "quadratic: complex": (MAKE.quadratic, ([1j],), "spectrum must hold numbers"),
    "chain: text": (MAKE.scalar_chain, ("ab",), "start must hold numbers"),
    "regression: nan start": (MAKE.quadratic_regression, (Q1, G1, E1, [np.nan, 1.0]), "start holds NaN"),
    "text for w": (MAKE.quadratic([1.0]).loss, ("abc",), "w must hold numbers"),
    "complex w": (MAKE.quadratic([1.0]).loss, ([1j],), "w must hold numbers"),
    "masked w": (MAKE.quadratic([1.0]).loss, (np.ma.masked_array([1.0], [True]),), "w has masked entries"),
    "accuracy: lengths": (lambda: SIGNED.accuracy(SIGNED.start(), X, SIGNS[1:]), (), "but y has 39"),
    "accuracy: no signs": (lambda: SIGNED.accuracy(SIGNED.start(), X, SIGNS * 2), (), "needs targets of -1 and 1"),
    "point": (MAKE.quadratic([1.0]).gradient, ([1.0, 2.0],), r"w must have shape \(1,\)"),
    "direction": (MAKE.quadratic([1.0]).hvp, ([1.0], [2.0, 1.0]), r"v must have shape \(1,\)"),
    "outputs": (MAKE.network(X, TARGETS).outputs, (np.zeros(323 + 256 - 3), X), "w must have shape"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_refused_with_a_word_on_what_does(what):
    function, arguments, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        function(*arguments)


BAD_DATA = {
    "text": ([["a"]], [1.0], "squared", "x must hold numbers"),
    "objects": ([[None]], [1.0], "squared", "x must hold numbers"),
    "complex": ([[1j]], [1.0], "squared", "x must hold numbers"),
    "nan": ([[np.nan]], [1.0], "squared", "x holds NaN or infinite"),
    "infinite target": ([[1.0]], [np.inf], "squared", "y holds NaN or infinite"),
    "one input": ([1.0, 2.0], [1.0, 2.0], "squared", r"write x\[:, None\]"),
    "images": (np.zeros((2, 3, 3)), [1.0, 2.0], "squared", r"x.reshape\(len\(x\), -1\)"),
    "nothing": (np.zeros((0, 3)), [], "squared", r"x must have shape \(samples, inputs\)"),
    "no outputs": ([[1.0]], np.zeros((1, 0)), "squared", "y must have shape"),
    "cube": ([[1.0]], np.zeros((1, 1, 1)), "squared", "y must have shape"),
    "length": ([[1.0], [2.0]], [1.0], "squared", "x has 2 samples, but y has 1"),
    "half a class": ([[1.0]], [0.5], "cross_entropy", "class numbers 0, 1"),
    "negative class": ([[1.0]], [-1], "cross_entropy", "class numbers 0, 1"),
    "shares": ([[1.0]], [[0.5, 0.6]], "cross_entropy", "add up to 1"),
    "negative share": ([[1.0]], [[1.5, -0.5]], "cross_entropy", "add up to 1"),
    "masked": (np.ma.masked_greater([[1.0], [99.0]], 9), [1.0, 2.0], "squared", "x has masked entries"),
    "ragged": ([[1.0, 2.0], [3.0]], [1.0, 2.0], "squared", "x does not form an array"),
    "numbers as objects": (np.array([[1.0]], object), [1.0], "squared", r"write .astype\(float\)"),
    "one class": ([[1.0], [2.0]], [0, 0], "cross_entropy", "two classes at least"),
    "a column of class numbers": ([[1.0], [2.0]], [[0], [1]], "cross_entropy", r"in a row, as y.ravel\(\)"),
    "no sign": ([[1.0]], [0.0], "logistic", "-1 and 1 only"),
}


@pytest.mark.parametrize("what", BAD_DATA)
def test_bad_data_is_refused(what):
    x, y, loss, message = BAD_DATA[what]
    with pytest.raises(ValueError, match=message):
        ds.tasks.checked(x, y, loss)


def test_good_data_of_many_kinds_is_taken():
    x, y = ds.tasks.checked([[True], [False]], np.array([2, 0], np.uint8), "cross_entropy")
    assert x.tolist() == [[1.0], [0.0]] and y.tolist() == [[0, 0, 1], [1, 0, 0]]
    x, y = ds.tasks.checked(np.ones((2, 3), np.float32)[:, ::2], [1, -1], "logistic")
    assert x.flags.c_contiguous and x.dtype == float and y.shape == (2, 1)


def test_tasks_have_the_promised_shapes_and_statistics():
    pytest.importorskip("sklearn")
    x, y = ds.tasks.digits()
    assert x.shape == (1797, 64) and y.shape == (1797, 10)
    np.testing.assert_allclose(x.mean(0), 0, atol=1e-12)
    assert x.var() == pytest.approx(1)
    assert np.bincount(y.argmax(1)).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    small, _ = ds.tasks.digits(100, seed=4)
    assert len({row.tobytes() for row in small} & {row.tobytes() for row in x}) == len({r.tobytes() for r in small})
    with pytest.raises(ValueError, match="1797 digits, not 1798"):
        ds.tasks.digits(1798)
    for degree, wanted in itertools.product((0, 3, 5), ((20, 1),)):
        x, y = ds.tasks.chebyshev(20, degree)
        assert y.shape == wanted
        np.testing.assert_allclose(y, np.cos(degree * np.arccos(x)), atol=1e-12)
    x, y = ds.tasks.teacher_student(50, outputs=2, noise=0.0, seed=3)
    noisy = ds.tasks.teacher_student(50, outputs=2, noise=0.1, seed=3)[1]
    assert 0.05 < (noisy - y).std() < 0.15


def test_accuracy_of_one_output_is_that_of_its_sign():
    """The largest of one output is always that output: it must not count as right."""
    w = np.linspace(-1, 1, SIGNED.size)
    right = np.mean((X @ w[:-1] + w[-1] > 0) == (SIGNS > 0))
    assert 0 < right < 1
    assert SIGNED.accuracy(w, X, SIGNS) == SIGNED.accuracy(w, X, SIGNS[:, None]) == right
    three = MAKE.logistic_regression(X, np.arange(40) % 3)
    w = np.linspace(-1, 1, three.size)
    wanted = np.mean(three.outputs(w, X).argmax(1) == np.arange(40) % 3)
    assert three.accuracy(w, X, np.arange(40) % 3) == three.accuracy(w, X, np.eye(3)[np.arange(40) % 3]) == wanted


def test_parameters_may_be_read_only_and_come_from_anywhere():
    net = MAKE.network(X, TARGETS, hidden=3)
    w, u = net.start(1), np.ones(net.size)
    found = [net.loss(w), net.gradient(w), net.hvp(w, u), net.second(w, u)]
    for array in (w, u):
        array.flags.writeable = False
    again = [net.loss(w), net.gradient(w), net.hvp(w, u), net.second(w, u)]
    turned = [net.loss(w[::-1][::-1]), net.gradient(list(w)), net.hvp(np.repeat(w, 2)[::2], u), net.second(w, u[::-1])]
    for one, other, third in zip(found, again, turned):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, third)


@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_the_fourth_derivative_is_jax_s(activation):
    jax = pytest.importorskip("jax")
    x, y = ds.tasks.teacher_student(20, inputs=3)
    f = MAKE.network(x, y, 5, activation=activation)
    w = f.start(1)
    v = np.random.default_rng(2).normal(size=w.size)
    act = jax.numpy.tanh if activation == "tanh" else jax.nn.gelu

    def along(t):
        at = w + t * v
        first, bias, second, last = np.split(np.arange(w.size), np.cumsum([3 * 5, 5, 5 * y.shape[1]]))
        hidden = act(x @ at[first].reshape(3, 5) + at[bias])
        return ((hidden @ at[second].reshape(5, -1) + at[last] - y) ** 2).sum() / 2 / len(x)

    for _ in range(4):
        along = jax.grad(along)
    with jax.enable_x64(True):
        expected = float(along(jax.numpy.float64(0.0)))
    found, error = f.fourth(w, v)
    assert abs(found - expected) < 1e-7 * abs(expected) and error < 1e-6 * abs(expected)
