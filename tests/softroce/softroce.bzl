"""Builds tests that need Soft-RoCE devices, and runs all of them in one boot."""

def softroce_binary(name, deps = [], own_main = False, tags = [], **kwargs):
    """Declares a GoogleTest program that finds two Soft-RoCE devices when it runs (names.sh).

    It is not a test by itself: Bazel builds it, and //tests/softroce:softroce_test, which lists it, runs it.

    Args:
      name: the program.
      deps: what it tests.
      own_main: its sources hold main(); else it has GoogleTest's.
      tags: passed to the cc_binary.
      **kwargs: passed to the cc_binary.
    """
    native.cc_binary(
        name = name,
        testonly = True,
        tags = tags + ["softroce"],
        deps = deps if own_main else deps + ["@gtest//:gtest_main"],
        **kwargs
    )

def softroce_suite(name, programs):
    """Declares the test that runs `programs` where Soft-RoCE devices are: one boot for all.

    Args:
      name: the test.
      programs: the softroce_binary targets, each with its time limit in seconds.
    """
    args = []
    for program, seconds in programs.items():
        args += [str(seconds), "$(rootpath %s)" % program]
    native.sh_test(
        name = name,
        size = "large",
        srcs = ["suite.py"],
        args = args,
        data = programs.keys() + native.glob([
            "*.py",
            "*.sh",
        ]) + ["init"],
        tags = [
            "exclusive",
            "local",
            "softroce",
        ],
    )
