# frozen_string_literal: true

module VagrantPlugins
  module Lab
    # Settings of `config.vm.provider :lab`. All have defaults, so that the block may be left out.
    class Config < Vagrant.plugin('2', :config)
      # Which Windows the guest plays: win7, win8 or win81. Default: the machine's name.
      attr_accessor :profile
      # The Node.js that runs the guest. Default: SSPR_NODE, or the first one on the PATH.
      attr_accessor :node
      # The guest's program. Default: SSPR_LAB_GUEST (used by tests), or the lab's own.
      attr_accessor :guest
      # Where the guest's log goes. Default: SSPR_LAB_FOLDER, or .lab beside the Vagrantfile.
      attr_accessor :lab_folder

      def initialize
        super
        @profile = @node = @guest = @lab_folder = UNSET_VALUE
      end

      def finalize!
        @profile = nil if @profile == UNSET_VALUE
        @node = ENV.fetch('SSPR_NODE', 'node') if @node == UNSET_VALUE
        @guest = ENV.fetch('SSPR_LAB_GUEST', "#{REPOSITORY}/harness/lab/guest/main.ts") if @guest == UNSET_VALUE
        @lab_folder = ENV.fetch('SSPR_LAB_FOLDER', "#{REPOSITORY}/.lab") if @lab_folder == UNSET_VALUE
      end
    end

    # Settings of `config.sspr`: what the harness must know of a machine, whatever runs it.
    class MachineConfig < Vagrant.plugin('2', :config)
      # The environment variable that names the machine's box.
      attr_accessor :box_variable
      # The port on loopback of the machine's VNC console.
      attr_accessor :vnc_port
      # The language that a lab machine is made in: en, es, fr, sv or zh-CN. Boxes have their own.
      attr_accessor :language

      def initialize
        super
        @box_variable = @vnc_port = @language = UNSET_VALUE
      end

      def finalize!
        @box_variable = nil if @box_variable == UNSET_VALUE
        @vnc_port = nil if @vnc_port == UNSET_VALUE
        @language = 'en' if @language == UNSET_VALUE
      end
    end
  end
end
