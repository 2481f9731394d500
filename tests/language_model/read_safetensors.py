# Reads a safetensors file by the format's description alone, with nothing but the standard library;
# refuses what breaks a rule of it, and prints each tensor: name, type, shape, values as bits of f64.
import json
import struct
import sys

SIZES = {"F64": ("d", 8), "F32": ("f", 4)}


def strict(pairs):
    assert len({name for name, _ in pairs}) == len(pairs), "a name twice"
    return dict(pairs)


def main(path):
    with open(path, "rb") as file:
        contents = file.read()
    (length,) = struct.unpack_from("<Q", contents)
    assert length <= 100_000_000 and length % 8 == 0, "the header's length"
    text = contents[8 : 8 + length].decode("utf-8")
    assert text[0] == "{" and text.rstrip(" ")[-1] == "}", "the header's ends"
    header = json.loads(text, object_pairs_hook=strict)
    data = contents[8 + length :]
    for key, value in header.pop("__metadata__", {}).items():
        assert isinstance(value, str), f"metadata {key}"
    end = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        assert entry.keys() == {"dtype", "shape", "data_offsets"}, f"members of {name}"
        code, size = SIZES[entry["dtype"]]
        count = 1
        for extent in entry["shape"]:
            count *= extent
        first, last = entry["data_offsets"]
        assert first == end and last - first == count * size, f"offsets of {name}"
        assert (8 + length + first) % size == 0, f"alignment of {name}"
        end = last
        values = struct.unpack_from(f"<{count}{code}", data, first)
        bits = [struct.pack(">d", value).hex() for value in values]
        print(name, entry["dtype"], entry["shape"], *bits)
    assert end == len(data), "the end of the file"


main(sys.argv[1])
