"""Checks that every header of ours compiles alone: an aspect that --config=clang adds to each build.

The parse_headers feature would do it, but Bazel 4.2.3's Unix toolchain does not know that feature.
"""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

def _headers_alone_impl(target, ctx):
    if CcInfo not in target or target.label.workspace_name:
        return []
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        cc_toolchain = toolchain,
        ctx = ctx,
        requested_features = ctx.features,
        # Module maps of a target are not available here; the compilation of its sources uses them.
        unsupported_features = ctx.disabled_features + ["layering_check", "module_maps"],
    )
    context = target[CcInfo].compilation_context
    compiler = cc_common.get_tool_for_action(
        action_name = ACTION_NAMES.cpp_compile,
        feature_configuration = features,
    )
    stamps = []
    for header in getattr(ctx.rule.files, "hdrs", []):
        if header.extension != "h" or not header.is_source:
            continue
        stem = "%s.%s.alone" % (ctx.rule.attr.name, header.basename)
        stamp = ctx.actions.declare_file(stem + ".ok")

        # Included rather than compiled itself, so that #pragma once holds when headers include each other.
        includer = ctx.actions.declare_file(stem + ".cc")
        ctx.actions.write(includer, '#include "%s"\n' % header.path)
        variables = cc_common.create_compile_variables(
            cc_toolchain = toolchain,
            feature_configuration = features,
            include_directories = context.includes,
            preprocessor_defines = depset(
                transitive = [context.defines, context.local_defines],
            ),
            quote_include_directories = context.quote_includes,
            source_file = includer.path,
            system_include_directories = context.system_includes,
            user_compile_flags = ctx.fragments.cpp.copts + ctx.fragments.cpp.cxxopts,
        )
        flags = cc_common.get_memory_inefficient_command_line(
            action_name = ACTION_NAMES.cpp_compile,
            feature_configuration = features,
            variables = variables,
        )
        ctx.actions.run_shell(
            arguments = [compiler, stamp.path, "-fsyntax-only"] + flags,
            command = 'compiler=$1; stamp=$2; shift 2; "$compiler" "$@" && : > "$stamp"',
            inputs = depset([includer], transitive = [context.headers, toolchain.all_files]),
            mnemonic = "HeaderAlone",
            outputs = [stamp],
            progress_message = "Compiling %s alone" % header.short_path,
        )
        stamps.append(stamp)
    return [OutputGroupInfo(headers_alone = depset(stamps))]

headers_alone = aspect(
    implementation = _headers_alone_impl,
    attrs = {"_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain")},
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)
