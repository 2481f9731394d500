# Writes gradients.json: outputs and gradients of RNN layers by JAX's automatic differentiation in
# double precision, from cells written here from their equations. See README.md.
import json
import pathlib
import platform

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

import jax.numpy as jnp
import numpy as np

T, B, I, H = 6, 4, 3, 5


def rnn_tanh(wx, rh, h, c):
    return jnp.tanh(wx + rh), c


def rnn_relu(wx, rh, h, c):
    return jnp.maximum(wx + rh, 0.0), c


def lstm(wx, rh, h, c):
    i, f, g, o = jnp.split(wx + rh, 4, axis=-1)
    c_new = jax.nn.sigmoid(f) * c[0] + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c_new), c_new[None]


def gru(wx, rh, h, c):
    wx_r, wx_z, wx_n = jnp.split(wx, 3, axis=-1)
    rh_r, rh_z, rh_n = jnp.split(rh, 3, axis=-1)
    r = jax.nn.sigmoid(wx_r + rh_r)
    z = jax.nn.sigmoid(wx_z + rh_z)
    n = jnp.tanh(wx_n + r * rh_n)
    return (1.0 - z) * n + z * h, c


# cell: (step, gates, inner states); every start value is 0.
CELLS = {
    "rnn_tanh": (rnn_tanh, 1, 0),
    "rnn_relu": (rnn_relu, 1, 0),
    "lstm": (lstm, 4, 1),
    "gru": (gru, 3, 0),
}

# (step, row): first, middle and last steps; reversed, row 1 starts at (5, 1).
RESETS = [(0, 0), (2, 0), (3, 1), (5, 1), (0, 3)]

VARIANTS = {
    "plain": {},
    "lengths_resets": {"lengths": [3, 6, 0, 1], "resets": RESETS},
    "reverse_lengths_resets": {"lengths": [3, 6, 0, 5], "resets": RESETS, "reverse": True},
}


def layer(step, lengths, resets, reverse):
    """The function of the inputs that JAX differentiates: all steps as one masked scan."""
    n = np.arange(T)[:, None]
    valid = n < lengths[None, :]
    # Processing order: row b's n-th step is t[n, b].
    t = np.where(valid, lengths[None, :] - 1 - n, n) if reverse else np.broadcast_to(n, (T, B))
    rows = np.arange(B)[None, :]

    def run(inputs):
        def body(carry, item):
            h, c = carry
            x_t, reset_t, valid_t = item
            keep = (1.0 - reset_t)[:, None]
            h_seen, c_seen = h * keep, c * keep
            wx = x_t @ inputs["W"].T + inputs["bW"]
            rh = h_seen @ inputs["R"].T + inputs["bR"]
            h_new, c_new = step(wx, rh, h_seen, c_seen)
            v = valid_t[:, None]
            carry = jnp.where(v, h_new, h), jnp.where(v, c_new, c)
            return carry, (jnp.where(v, h_new, 0.0), jnp.where(v, c_new, 0.0))

        items = (inputs["x"][t, rows], jnp.asarray(resets, jnp.float64)[t, rows], valid)
        (hT, cT), (y, c_all) = jax.lax.scan(body, (inputs["h0"], inputs["c0"]), items)
        # t is its own inverse for each row.
        return {
            "y": y[t, rows],
            "hT": hT,
            "cT": cT,
            "c_all": jnp.moveaxis(c_all, 0, 1)[:, t, rows],
        }

    return run


def flat(arrays):
    return {name: np.asarray(a, np.float64).reshape(-1).tolist() for name, a in arrays.items()}


def make_case(name, variant, seed):
    step, G, C = CELLS[name]
    random = np.random.default_rng(seed)
    shapes = {
        "x": (T, B, I), "h0": (B, H), "c0": (C, B, H), "W": (G * H, I), "R": (G * H, H),
        "bW": (G * H,), "bR": (G * H,),
    }
    inputs = {key: random.uniform(-0.8, 0.8, shape) for key, shape in shapes.items()}
    lengths = np.asarray(variant.get("lengths", [T] * B))
    resets = np.zeros((T, B), np.uint8)
    for t, b in variant.get("resets", []):
        resets[t, b] = 1
    reverse = variant.get("reverse", False)

    outputs, pull = jax.vjp(layer(step, lengths, resets, reverse), inputs)
    upstream = {key: random.uniform(-1, 1, value.shape) for key, value in outputs.items()}
    (gradients,) = pull(upstream)
    return {
        "cell": name, "T": T, "B": B, "I": I, "H": H, "reverse": reverse,
        "lengths": lengths.tolist() if "lengths" in variant else [],
        "resets": resets.reshape(-1).tolist() if "resets" in variant else [],
        "inputs": flat(inputs),
        "upstream": flat({"d" + key: value for key, value in upstream.items()}),
        "outputs": flat(outputs),
        "gradients": flat({"d" + key: value for key, value in gradients.items()}),
    }


def main():
    cases = []
    for c, cell in enumerate(CELLS):
        for v, (variant, settings) in enumerate(VARIANTS.items()):
            cases.append({"name": f"{cell}_{variant}"} | make_case(cell, settings, 100 * c + v))
    provenance = {
        "script": "make_gradients.py",
        "source": "jax.vjp, float64, CPU",
        "jax": jax.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    path = pathlib.Path(__file__).with_name("gradients.json")
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    path.write_text(f'{{"provenance": {json.dumps(provenance)},\n"cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
