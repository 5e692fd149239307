"""What a config may say: one dataclass per group option, checked key by key.

The YAML files in `conf/` choose values; these classes say which keys exist, their types and their
ranges. `register` hands them to Hydra, and each YAML file pulls its own in (`- /schema_…@_here_`).
They are not frozen, because OmegaConf would make the keys of a frozen class read-only.
"""
