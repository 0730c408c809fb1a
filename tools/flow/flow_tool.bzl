"""Defines tools that send a flow of orders (tools/flow/flow.h)."""

def flow_tests(name, deps):
    """Defines one test for each *_test.cc here, and a suite of them.

    Args:
      name: of the suite.
      deps: what the tests depend on beside GoogleTest.
    """
    sources = native.glob(["*_test.cc"])
    for test in sources:
        native.cc_test(
            name = test[:-len(".cc")],
            size = "small",
            srcs = [test],
            deps = deps + ["@gtest//:gtest_main"],
        )
    native.test_suite(
        name = name,
        tests = [test[:-len(".cc")] for test in sources],
    )

def flow_tool(name, deps):
    """Defines the program of a tool, its other sources as a library, and their tests.

    Args:
      name: of the program.
      deps: what its sources depend on beside //tools/flow.
    """
    deps = deps + ["//tools/flow"]
    native.cc_library(
        name = "parts",
        srcs = native.glob(["*.cc"], exclude = ["*_test.cc", "main.cc"]),
        hdrs = native.glob(["*.h"]),
        deps = deps,
    )
    native.cc_binary(
        name = name,
        srcs = ["main.cc"],
        visibility = ["//tests/e2e:__pkg__"],
        deps = [":parts"] + deps,
    )
    flow_tests(
        name = "tests",
        deps = [":parts"] + deps,
    )
