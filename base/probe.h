// RINGWAY_PROBE marks the points where a tracer, or a test that kills processes, may stop a running
// program.
//
// RINGWAY_PROBE(name) is a USDT probe: one nop, and a note in the ELF file (.note.stapsdt) that
// says where it is. The shipped program carries them: `bpftrace -e
// 'usdt:./ringway-gateway:ringway:NAME { @ = count(); }'`, `perf list sdt` and tests/e2e/kills use
// the same lines. When a program is stopped at a probe, stores before it are in memory and stores
// after it are not: to the compiler a probe is a barrier, to the processor a nop.
//
// Names are unique in the whole project, except in code that is instantiated more than once. They
// are lower case with underscores and begin with their owner: link_, session_, gateway_, journal_,
// sync_, prepare_, recovery_, connector_, exchange_. docs/adr/0016 gives the reasons.
#pragma once

#include <sys/sdt.h>

// DTRACE_PROBE(ringway, name) of sys/sdt.h, but `inline`, so that the inliner counts its twenty
// lines of notes as the one instruction they are.
#define RINGWAY_PROBE(name)                                                     \
  do {                                                                          \
    __asm__ __inline__ __volatile__(                                            \
        _SDT_ASM_BODY(ringway, name, _SDT_ASM_ARGS, (0))::_SDT_ASM_OPERANDS_0() \
        : "memory");                                                            \
    __asm__ __inline__ __volatile__(_SDT_ASM_BASE);                             \
  } while (false)
