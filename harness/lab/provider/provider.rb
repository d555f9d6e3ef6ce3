# frozen_string_literal: true

# The Vagrant provider `lab`: a machine is a background process of this project (harness/lab/guest) with a disk.
# Loaded by the Vagrantfile, so there is nothing to install.
module VagrantPlugins
  module Lab
    REPOSITORY = File.expand_path('../../..', __dir__)
  end
end

require_relative 'errors'
require_relative 'config'
require_relative 'driver'
require_relative 'communicator'
require_relative 'capabilities'
require_relative 'actions'

module VagrantPlugins
  module Lab
    class Provider < Vagrant.plugin('2', :provider)
      STATES = {
        not_created: ['not created', 'The lab machine does not exist. `vagrant up NAME --provider=lab` makes it.'],
        poweroff: ['poweroff', 'The lab machine is off. `vagrant up` starts it.'],
        booting: ['booting', 'The lab machine is starting.'],
        running: ['running', 'The lab machine is running. `vagrant halt` shuts it down.'],
        stopping: ['stopping', 'The lab machine is shutting down.']
      }.freeze

      def self.usable?(raise_error = false)
        return true if File.directory?('/proc/self')

        raise Errors::NotUsable, 'The lab provider needs Linux.' if raise_error

        false
      end

      attr_reader :driver

      def initialize(machine)
        super
        @machine = machine
        @driver = Driver.new(machine)
      end

      def action(name)
        Actions.public_send(name) if Actions.respond_to?(name)
      end

      def state
        id = driver.state
        Vagrant::MachineState.new(id, *STATES.fetch(id))
      end

      # There is no SSH into a lab machine.
      def ssh_info
        nil
      end

      def to_s
        "lab (#{@machine.id || 'new'})"
      end
    end

    # Stops the `up` of a real machine for which no box was named, before anything is done.
    class RequireBox
      def initialize(app, _env)
        @app = app
      end

      def call(env)
        machine = env[:machine]
        variable = machine.config.sspr.box_variable
        if variable && ENV[variable].to_s.empty? && machine.id.nil? && !machine.provider_options[:box_optional]
          raise Errors::BoxUnset,
                "There is no box for #{machine.name}: none is shipped with this project. Set #{variable} to the " \
                "name of a box with Windows and WinRM, e.g. #{variable}=my/#{machine.name}, and try again."
        end
        @app.call(env)
      end
    end

    class Plugin < Vagrant.plugin('2')
      name 'lab'
      description 'Windows machines of the lab: background processes with a disk, WinRM and a VNC console.'

      # Not `defaultable`: it is never chosen unless somebody asks for it.
      provider(:lab, parallel: true, box_optional: true, defaultable: false, priority: 1) { Provider }
      config(:lab, :provider) { Config }
      config(:sspr) { MachineConfig }
      communicator(:winrm) { Communicator::Choice }

      %i[winrm_info vnc_info forwarded_ports snapshot_list].each do |capability|
        provider_capability(:lab, capability) { Capabilities }
      end
      %i[lab virtualbox vmware_desktop hyperv libvirt].each do |provider|
        provider_capability(provider, :endpoints) { Endpoints }
      end

      action_hook(:sspr_require_box, :machine_action_up) { |hook| hook.prepend(RequireBox) }
    end
  end
end
