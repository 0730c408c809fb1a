"""Defines tools that send a flow of orders (tools/flow/flow.h)."""

def flow_tests(deps):
    """One test for each *_test.cc here."""
    for test in native.glob(["*_test.cc"]):
        native.cc_test(
            name = test[:-len(".cc")],
            size = "small",
            srcs = [test],
            deps = deps + ["@gtest//:gtest_main"],
        )

def flow_tool(name, deps):
    """The program of a tool, its other sources as a library, and their tests."""
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
    flow_tests([":parts"] + deps)
