"""Builds fuzz targets: a plain test by default, a libFuzzer program under --config=fuzz."""

def fuzz_test(name, srcs, deps = [], seeds = [], runs = 20000, **kwargs):
    """Declares a cc_test around `extern "C" int LLVMFuzzerTestOneInput(const uint8_t*, size_t)`.

    Without --config=fuzz the test runs the function over every seed and over `runs` inputs mutated from them, the same
    ones each time (third_party/fuzz/standalone_main.cc). With it, `./run fuzz` drives the target as long as it is told.

    Args:
      name: the test.
      srcs: the source that defines LLVMFuzzerTestOneInput.
      deps: what it tests.
      seeds: input files to start from, usually glob(["corpus/<name>/**"]). Without any it starts from the empty input.
      runs: how many mutated inputs the everyday test tries.
      **kwargs: passed to the cc_test.
    """
    native.cc_test(
        name = name,
        srcs = srcs,
        # Under libFuzzer: a pass over the seeds, in the bounds of a test.
        args = select({
            "//third_party:fuzzing": ["-runs=0"],
            "//conditions:default": ["--runs=%d" % runs],
        }) + ["$(rootpath %s)" % seed for seed in seeds],
        data = seeds,
        linkopts = select({
            "//third_party:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        tags = kwargs.pop("tags", []) + ["fuzz"],
        deps = deps + select({
            "//third_party:fuzzing": [],
            "//conditions:default": ["//third_party/fuzz:standalone_main"],
        }),
        **kwargs
    )
