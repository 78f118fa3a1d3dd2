"""A worker whose generations never end by themselves: no token is a stop."""

from beadline.engine.fim import detect
from beadline.engine.llama import vocabulary, worker

detect.stop_tokens = lambda family, words: frozenset()
_init = vocabulary.LlamaVocabulary.__init__


def without_control(self, model, special=()):
    _init(self, model, special)
    self.control = frozenset()


vocabulary.LlamaVocabulary.__init__ = without_control
worker.main()
