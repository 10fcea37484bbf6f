"""A flat memory for compiled code: one int64 array that holds every state, record and page of a simulation.

An address is an index into the array, so that the array may grow (be copied to a larger one) without any address
changing. Compiled code sees three views of it, each of them a pointer or two and nothing that is counted or copied:

- `Memory`: the whole array, or a column of it; `m[i]` reads and writes one word.
- a record: `record("Io", "vm disk size")` makes a function `io = Io(m, address)` whose `io.size` is a word.
- a state: `state(Bucket)` makes a function `s = StateOfBucket(m, address)` for a NamedTuple of columns, so that the
  source that runs over lists on the readable path runs here too. Its directory (`sim.memory`) has the columns' places.

Fields of records, columns of states and those made by `column` are told apart: no word may be reached as two of
them (as `m[i]` any word may). So the optimiser keeps in a register what it has read of one while it writes another.

`take` and `bit_length` of `sim.mechanism` get their compiled meaning here. Needs Numba; only compiled code may use it.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.imputils import lower_builtin, lower_cast, lower_getattr_generic, lower_setattr_generic
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_getattr, infer_global, signature
from numba.extending import intrinsic, models, overload, register_model

from sim.mechanism import bit_length, take
from sim.memory import BREAK, POOL

WORD = ir.IntType(64)
POINTER = WORD.as_pointer()

Memory = Any
"""In annotations: what compiled code sees of a memory (`MemoryType`)."""


class MemoryType(types.Type):
    """The memory from some word on."""

    tag = ""

    def __init__(self, name: str = "Memory") -> None:
        super().__init__(name=name)


class ColumnType(MemoryType):
    """A column of a state, which nothing but this column of states of its kind reaches."""

    def __init__(self, tag: str) -> None:
        super().__init__(name=f"Column {tag}")
        self.tag = tag


class RecordType(types.Type):
    """Named words one after the other."""

    def __init__(self, name: str, fields: tuple[str, ...]) -> None:
        super().__init__(name=f"Record {name} {' '.join(fields)}")
        self.kind = name
        self.fields = fields


memory = MemoryType()


class StateType(types.Type):
    """A NamedTuple of columns: the memory, and where the state's directory is."""

    def __init__(self, name: str, fields: tuple[str, ...]) -> None:
        super().__init__(name=f"State {name} {' '.join(fields)}")
        self.fields = fields
        self.columns = {field: memory if field == POOL else ColumnType(f"{name}.{field}") for field in fields}


@register_model(MemoryType)
@register_model(ColumnType)
@register_model(RecordType)
class _PointerModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, POINTER)


@register_model(StateType)
class _StateModel(models.StructModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, [("memory", memory), ("directory", memory)])


# -- what cannot be the same word -------------------------------------------------------------------------------------


def tagged(access: Any, builder: Any, tag: str) -> Any:
    """The load or store, which the optimiser now knows to reach no word of another tag; of none (""): any word.

    So what was read of one record stays in a register while another is written. (Type-based alias analysis.)
    """
    if tag:
        module = builder.module
        root = module.add_metadata(["stunlab"])
        kind = module.add_metadata([tag, root, WORD(0)])
        access.set_metadata("tbaa", module.add_metadata([kind, kind, WORD(0)]))
    return access


# -- one word ---------------------------------------------------------------------------------------------------------


@infer_global(operator.getitem)
class _GetWord(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if isinstance(args[0], MemoryType) and isinstance(args[1], types.Integer):
            return signature(types.int64, args[0], types.int64)
        return None


@infer_global(operator.setitem)
class _SetWord(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if isinstance(args[0], MemoryType) and isinstance(args[1], types.Integer):
            return signature(types.none, args[0], types.int64, types.int64)
        return None


@lower_builtin(operator.getitem, MemoryType, types.int64)
def _get_word(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return tagged(builder.load(builder.gep(args[0], [args[1]])), builder, sig.args[0].tag)


@lower_builtin(operator.setitem, MemoryType, types.int64, types.int64)
def _set_word(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    tagged(builder.store(args[2], builder.gep(args[0], [args[1]])), builder, sig.args[0].tag)
    return context.get_dummy_value()


def _memory_of(typing_context: Any, array: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.make_array(sig.args[0])(context, builder, args[0]).data

    return memory(array), generate


memory_of: Any = intrinsic(_memory_of)
"""memory_of(array): the Memory of a contiguous int64 array, which must outlive it."""


def _prefetch(typing_context: Any, m: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        place = builder.bitcast(builder.gep(args[0], [args[1]]), byte)
        builder.call(function, [place, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.none(memory, types.int64), generate


prefetch: Any = intrinsic(_prefetch)
"""prefetch(m, address): the word will be wanted soon; nothing changes but the time it takes to read it then."""

# -- records and states -----------------------------------------------------------------------------------------------


def record(name: str, fields: str) -> Any:
    """A function (memory, address) -> view of the record there; `words(fields)` is its length."""
    kind = RecordType(name, tuple(fields.split()))

    def view(typing_context: Any, m: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.gep(args[0], [args[1]])

        return kind(memory, types.int64), generate

    return intrinsic(view)


def column(tag: str) -> Any:
    """A function (memory, address) -> the words from there on, which nothing but columns of that tag reaches."""
    kind = ColumnType(tag)

    def view(typing_context: Any, m: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.gep(args[0], [args[1]])

        return kind(memory, types.int64), generate

    return intrinsic(view)


def words(fields: str) -> int:
    """How many words a record of these fields has."""
    return len(fields.split())


def state(named_tuple: Any) -> Any:
    """A function (memory, address) -> view of a state whose directory is at that address."""
    kind = StateType(named_tuple.__name__, named_tuple._fields)

    def view(typing_context: Any, m: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            made = context.make_helper(builder, kind)
            made.memory, made.directory = args[0], builder.gep(args[0], [args[1]])
            return made._getvalue()

        return kind(memory, types.int64), generate

    return intrinsic(view)


@infer_getattr
class _Field(AttributeTemplate):
    key = RecordType

    def generic_resolve(self, kind: Any, name: str) -> Any:
        return types.int64 if name in kind.fields else None


@infer_getattr
class _Column(AttributeTemplate):
    key = StateType

    def generic_resolve(self, kind: Any, name: str) -> Any:
        return kind.columns.get(name)


@lower_getattr_generic(RecordType)
def _get_field(context: Any, builder: Any, kind: Any, value: Any, name: str) -> Any:
    load = builder.load(builder.gep(value, [WORD(kind.fields.index(name))]))
    return tagged(load, builder, f"{kind.kind}.{name}")


@lower_setattr_generic(RecordType)
def _set_field(context: Any, builder: Any, sig: Any, args: Any, name: str) -> None:
    kind = sig.args[0]
    store = builder.store(args[1], builder.gep(args[0], [WORD(kind.fields.index(name))]))
    tagged(store, builder, f"{kind.kind}.{name}")


@lower_getattr_generic(StateType)
def _get_column(context: Any, builder: Any, kind: Any, value: Any, name: str) -> Any:
    made = context.make_helper(builder, kind, value=value)
    base = builder.load(builder.gep(made.directory, [WORD(kind.fields.index(name))]))
    base.set_metadata("invariant.load", builder.module.add_metadata([]))  # states are placed by Python, never meanwhile
    return builder.gep(made.memory, [base])


@lower_cast(MemoryType, MemoryType)
def _same(context: Any, builder: Any, source: Any, target: Any, value: Any) -> Any:
    return value


# -- what the plain functions mean here -------------------------------------------------------------------------------


@overload(take)
def _take(pool: Any, words: Any) -> Callable[[Any, Any], Any] | None:
    """A pool is the whole memory: its free end moves. Whoever calls has seen to it that there is room."""
    if not isinstance(pool, MemoryType):
        return None

    def taken(pool: Any, words: Any) -> Any:
        at = pool[BREAK]
        pool[BREAK] = at + words
        return at

    return taken


@intrinsic
def _leading_zeros(typing_context: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.IntType(1)(0))

    return types.int64(types.int64), generate


@overload(bit_length)
def _bit_length(x: Any) -> Callable[[Any], Any]:
    def length(x: Any) -> Any:
        return 64 - _leading_zeros(x)

    return length
