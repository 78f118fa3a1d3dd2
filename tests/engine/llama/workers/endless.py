"""A worker whose generations never end by themselves: no token is a stop."""

from beadline.engine.fim import families
from beadline.engine.llama import vocabulary, worker

families.stop_tokens = lambda family, words: frozenset()
_init = vocabulary.LlamaVocabulary.__init__


def without_control(self, model):
    _init(self, model)
    self.control = frozenset()


vocabulary.LlamaVocabulary.__init__ = without_control
worker.main()
