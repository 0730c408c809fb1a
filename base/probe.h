// Where may a tracer, or a test that kills processes, stop a running program?
//
// RINGWAY_PROBE(name) is a USDT probe: one nop, and a note in the ELF file (.note.stapsdt) that
// says where it is. The shipped program carries them: `bpftrace -e
// 'usdt:./ringway-gateway:ringway:NAME { @ = count(); }'`, `perf list sdt` and tests/e2e/kills use
// the same lines. What the code stores before a probe is in memory when a program is stopped there,
// and what it stores behind is not: to the compiler a probe is a barrier, to the processor it is
// nothing.
//
// Names are unique over the whole project but for code that is instantiated more than once, are
// lower case with underscores, and begin with what they belong to: link_, session_, gateway_,
// journal_, sync_, prepare_, recovery_, connector_, exchange_. docs/adr/0016 says why it is done
// so.
#pragma once

#include <sys/sdt.h>

// DTRACE_PROBE(ringway, name) of sys/sdt.h, but `inline`: to the inliner its twenty lines of notes
// count as one instruction, which is what they are.
#define RINGWAY_PROBE(name)                                                     \
  do {                                                                          \
    __asm__ __inline__ __volatile__(                                            \
        _SDT_ASM_BODY(ringway, name, _SDT_ASM_ARGS, (0))::_SDT_ASM_OPERANDS_0() \
        : "memory");                                                            \
    __asm__ __inline__ __volatile__(_SDT_ASM_BASE);                             \
  } while (false)
