module.exports = {
  extends: ['@commitlint/config-conventional'],
  rules: {
    'subject-case': [2, 'never', ['sentence-case', 'start-case']],
    'header-max-length': [2, 'always', 100],
  },
};
