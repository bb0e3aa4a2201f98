"""Data models: stub."""
from __future__ import annotations
from platemark import ir as model
from platemark.schema.lowered import request_models, answer_models
from platemark.targets.python import surface
def names(ir):
    return {p.id: surface.Types({surface.key(o): tuple(request_models(p,f,o)) for f in ir.families_of(p.id) for o in f.offers},{surface.key(o): tuple(n for n in answer_models(p,o) if n.endswith("Answer")) for f in ir.families_of(p.id) for o in f.offers}) for p in ir.providers}
def modules(ir, generated): return {}
